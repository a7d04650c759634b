import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Loose } from "../manifest.ts";
import { stackFile } from "../plannedStack.ts";
import type { FakeCluster } from "./fakeCluster.ts";

/**
 * Writes the config file of a stack that leads to the fakes, and its kubeconfig.
 *
 * @param folder where to make a folder for both.
 * @returns the file's path.
 */
export function writeConfigFile(fake: FakeCluster, folder: string, change: (config: Loose) => void = () => {}): string {
  const own = mkdtempSync(join(folder, "stack-"));
  const kubeconfig = join(own, "kubeconfig");
  fake.kube.setCurrentContext(fake.kube.getContexts()[0]?.name ?? "");
  writeFileSync(kubeconfig, fake.kube.exportConfig());
  const { config } = stackFile((values) => {
    const context = fake.kube.getCurrentContext();
    values.access = { method: "kubeconfig", path: kubeconfig, context, server: fake.kubernetesUrl };
    delete values.cluster.resourceId;
    values.nodePool = { mode: "none" };
    const { caFile: _, ...objectStorage } = values.objectStorage;
    values.objectStorage = { ...objectStorage, endpoint: fake.minioUrl, allowPlainHttp: true };
    change(values);
  });
  const groups = Object.entries(config).map(([key, text]) => [key, /^[[{]/.test(text) ? JSON.parse(text) : text]);
  const file = join(own, "Pulumi.prod-aks-a.yaml");
  writeFileSync(file, stringify({ config: Object.fromEntries(groups) }));
  return file;
}

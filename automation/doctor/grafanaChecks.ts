import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { ResolvedArgs } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import { type CheckResult, judged, skipped } from "./check.ts";

/** Grafana's namespaces exist. They are Grafana's own, so the stack does not create them. */
export async function checkGrafanaNamespaces(
  kube: KubeConfig,
  { grafana: { dashboards, dataSource } }: Pick<ResolvedArgs, "grafana">,
): Promise<CheckResult> {
  const names = [...new Set([dataSource, dashboards].flatMap((part) => part?.namespace ?? []))];
  if (names.length === 0) return skipped("the stack gives Grafana nothing");
  const core = kube.makeApiClient(CoreV1Api);
  const missing = await Promise.all(names.map(async (name) => ((await exists(core, name)) ? [] : [name])));
  return judged(missing.flat().map(missingGrafanaNamespace), names.join(", "));
}

/** What to do about a namespace of Grafana that does not exist. */
export const missingGrafanaNamespace = (name: string): Finding => ({
  subject: `namespace ${name}`,
  text: "does not exist, and Grafana's data source or dashboards belong there",
  fix: `write the namespace that Grafana runs in (grafana.dataSource.namespace, grafana.dashboards.namespace), or install Grafana first: kubectl create namespace ${name}`,
});

async function exists(core: CoreV1Api, name: string): Promise<boolean> {
  try {
    await core.readNamespace({ name });
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return false;
    throw error;
  }
}

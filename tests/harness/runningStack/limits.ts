import { parse, stringify } from "yaml";
import { RUNTIME_FILE, TENANT } from "../../../components/loki/effectiveConfig.ts";
import type { Loose } from "../manifest.ts";
import type { RunningStack } from "./runningStack.ts";

/** Gives every pod of Loki a runtime config with other limits, as a deploy and then the kubelet do. @returns what puts the old one back. */
export function withLimits({ cluster, stack }: RunningStack, limits: Loose): () => void {
  const file = stack.objects.configMaps["loki-runtime"] as Record<string, string>;
  const before = file[RUNTIME_FILE] ?? "";
  const runtime = parse(before);
  Object.assign(runtime.overrides[TENANT], limits);
  const write = (text: string): void => {
    file[RUNTIME_FILE] = text;
    for (const pod of cluster.loki) pod.updateFiles();
  };
  write(stringify(runtime));
  return () => write(before);
}

// The two releases of a stack, rendered with the real charts.

import { helmTemplate, type ReleaseInputs } from "../../automation/plan/helmTemplate.ts";
import type { StackFile } from "../../automation/plan/stackFiles.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, resource } from "../harness/plannedStack.ts";

/** The objects of both releases. */
export interface Rendered {
  readonly loki: Manifest[];
  readonly alloy: Manifest[];
}

/** Renders both releases of a stack. */
export async function render(file: StackFile): Promise<Rendered> {
  const planned = await plan(file);
  const objects = (release: string) =>
    helmTemplate(resource(planned, `logging-${release}`).inputs as unknown as ReleaseInputs);
  return { loki: await objects("loki"), alloy: await objects("alloy") };
}

/** Objects of a kind. */
export const ofKind = (manifests: readonly Manifest[], kind: string): Loose[] =>
  manifests.filter((m) => m.kind === kind);

/** One object. */
export function object(manifests: readonly Manifest[], kind: string, name: string): Loose {
  const found = manifests.find((m) => m.kind === kind && m.metadata.name === name);
  if (!found)
    throw new Error(`no ${kind} ${name} among ${manifests.map((m) => `${m.kind} ${m.metadata.name}`).join(", ")}`);
  return found;
}

/** Name, pod spec and pod metadata of every object that creates pods. */
export const podsOf = (manifests: readonly Manifest[]): Array<{ name: string; spec: Loose; metadata: Loose }> =>
  manifests
    .filter((m) => (m as Loose).spec?.template?.spec)
    .map((m) => ({
      name: m.metadata.name,
      spec: (m as Loose).spec.template.spec,
      metadata: (m as Loose).spec.template.metadata,
    }));

/** All containers of a pod, including init containers. */
export const containersOf = (spec: Loose): Loose[] => [...(spec.initContainers ?? []), ...spec.containers];

/** Makes a config as small as possible: one replica of each, no caches, no CA, plain HTTP. It has two schema periods. */
export function smallestLoki(config: Loose): void {
  Object.assign(config.objectStorage, { endpoint: "http://minio:9000", allowPlainHttp: true, caFile: undefined });
  config.loki = {
    replicationFactor: 1,
    write: { replicas: 1 },
    read: { replicas: 1 },
    backend: { replicas: 1 },
    caches: { chunksMiB: 0, resultsMiB: 0 },
    schema: [{ from: "2025-01-01" }, { from: "2999-01-01" }],
    retentionHours: 24,
  };
}

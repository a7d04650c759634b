// Objects and releases for the tests of the change report.
import { type ReleaseChange, releaseChanges } from "../../../../automation/changes/objectChanges.ts";
import type { RenderedRelease } from "../../../../automation/plan/renderStack.ts";
import type { Manifest } from "../../../../components/helm/manifest.ts";
import type { Loose } from "../../../harness/manifest.ts";

export const manifest = (kind: string, name: string, rest: Loose = {}): Manifest => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace: "logging" },
  ...rest,
});
export const releaseOf = (...objects: Manifest[]): RenderedRelease[] => [
  { name: "loki", namespace: "logging", chart: "loki", version: "1.0.0", objects },
];
/** The change of a release whose only object changes. */
export const changeOf = (before: Manifest | undefined, after: Manifest | undefined): ReleaseChange => {
  const [change] = releaseChanges(releaseOf(...(before ? [before] : [])), releaseOf(...(after ? [after] : [])));
  return change ?? { name: "loki", objects: [] };
};

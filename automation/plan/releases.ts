import type { ReleaseInputs } from "./helmTemplate.ts";

/** Pulumi's type of a Helm release. */
export const RELEASE_TYPE = "kubernetes:helm.sh/v3:Release";

/** A resource that may be a release. */
interface Resource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The Helm releases among resources, by name. */
export const releasesOf = (resources: readonly Resource[]): ReleaseInputs[] =>
  resources
    .filter(({ type }) => type === RELEASE_TYPE)
    .map(({ inputs }) => inputs as unknown as ReleaseInputs)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

import { RELEASE_TYPE } from "../../components/helm/releaseType.ts";
import type { ReleaseInputs } from "./helmTemplate.ts";

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

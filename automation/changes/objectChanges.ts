import type { Manifest } from "../../components/helm/manifest.ts";
import type { RenderedRelease } from "../plan/renderStack.ts";
import { type FieldChange, fieldChanges } from "./fieldChanges.ts";

/** An object inside a Helm release that is added, removed or changed. */
export interface ObjectChange {
  readonly op: "added" | "removed" | "changed";
  readonly release: string;
  readonly kind: string;
  readonly name: string;
  /** A hook's events, at which Helm runs it: `pre-upgrade,post-install`. */
  readonly hook?: string;
  readonly fields: readonly FieldChange[];
  readonly before?: Manifest;
  readonly after?: Manifest;
}

/** A release that is added, removed or changed. */
export interface ReleaseChange {
  readonly name: string;
  /** Chart and version, where they differ. */
  readonly chart?: { readonly before: string; readonly after: string };
  readonly objects: readonly ObjectChange[];
}

/** The objects that differ between two renderings of the same releases. */
export function releaseChanges(before: readonly RenderedRelease[], after: readonly RenderedRelease[]): ReleaseChange[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.flatMap((name) => {
    const old = before.find((release) => release.name === name);
    const now = after.find((release) => release.name === name);
    const objects = objectChanges(name, old?.objects ?? [], now?.objects ?? []);
    const [oldChart, newChart] = [old, now].map((release) => release && `${release.chart} ${release.version}`);
    const chart = oldChart && newChart && oldChart !== newChart ? { before: oldChart, after: newChart } : undefined;
    return objects.length > 0 || chart ? [{ name, ...(chart && { chart }), objects }] : [];
  });
}

function objectChanges(release: string, before: readonly Manifest[], after: readonly Manifest[]): ObjectChange[] {
  const old = new Map(before.map((object) => [identity(object), object]));
  const now = new Map(after.map((object) => [identity(object), object]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((key): ObjectChange[] => {
    const [a, b] = [old.get(key), now.get(key)];
    const { kind, metadata } = (b ?? a) as Manifest;
    const hook = hookOf((b ?? a) as Manifest);
    const common = { release, kind, name: metadata.name, ...(hook && { hook }) };
    if (!a || !b)
      return [{ ...common, op: b ? "added" : "removed", fields: [], ...(a ? { before: a } : b && { after: b }) }];
    const fields = fieldChanges(a, b, kind === "Secret" ? ["data", "stringData"] : []);
    return fields.length > 0 ? [{ ...common, op: "changed", fields, before: a, after: b }] : [];
  });
}

/** Without the API's version: an object whose version changes is still the same object. */
const identity = ({ apiVersion, kind, metadata }: Manifest): string =>
  `${kind}.${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""} ${metadata.namespace ?? ""} ${metadata.name}`;

const hookOf = ({ metadata }: Manifest): string | undefined =>
  (metadata.annotations as Record<string, string> | undefined)?.["helm.sh/hook"];

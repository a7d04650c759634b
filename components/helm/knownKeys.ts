import { type Findings, nearest } from "../findings.ts";
import { textFile } from "../textFile.ts";
import type { PinnedChart } from "./chartSource.ts";
import { isMap, type Values } from "./mergeValues.ts";

/** The keys of each map of some values, by the map's path. A map without an entry may have any keys. */
export type KnownKeys = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a list of keys: `gateway.basicAuth: enabled existingSecret` in each line, without a path for the keys at the top. The lists are
 * generated: tests/charts/generateKeys.ts.
 */
export function readKnownKeys(file: URL): KnownKeys {
  const lines = textFile(file).trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [path = "", keys = ""] = line.split(/: ?/);
      return [path, keys.split(" ")] as const;
    }),
  );
}

/** The list of a part of some values, at the path where the part is used. */
export const keysAt = (keys: KnownKeys, path: string): KnownKeys =>
  new Map([...keys].map(([inner, names]) => [inner ? `${path}.${inner}` : path, names] as const));

/** Where the keys of some values are described. */
export interface KeySource {
  /** What ignores or refuses an unknown key: `the chart loki 18.11.0, which would ignore this one`. */
  readonly owner: string;
  readonly help: string;
}

/** The values of a pinned chart. */
export const keySource = ({ name, repository, version }: PinnedChart): KeySource => ({
  owner: `the chart ${name} ${version}, which would ignore this one`,
  help: `helm show values ${name} --repo ${repository} --version ${version}`,
});

/**
 * Refuses keys that nobody knows.
 *
 * @param path Path of the values in the config.
 */
export function checkKnownKeys(
  values: Values,
  keys: KnownKeys,
  source: KeySource,
  path: string,
  findings: Findings,
): void {
  const top = keys.get("") ?? [];
  const check = (map: Values, inner: string): void => {
    const known = keys.get(inner);
    for (const [key, value] of Object.entries(map)) {
      const at = inner ? `${inner}.${key}` : key;
      if (known && !known.includes(key))
        findings.problem({ subject: `${path}.${at}`, text: `a key of ${source.owner}`, fix: fixOf(key) });
      else if (isMap(value)) check(value, at);
    }
    function fixOf(key: string): string {
      const meant = nearest(key, known ?? []);
      if (meant) return `did you mean ${meant}?`;
      // Most often a key of a container or a pod, one level too high.
      const lower = top.includes(key)
        ? []
        : [...keys].filter(([place, names]) => /^[^.]+$/.test(place) && names.includes(key));
      return lower.length > 0 && lower.length < 4
        ? `did you mean ${lower.map(([place]) => `${place}.${key}`).join(" or ")}?`
        : source.help;
    }
  };
  check(values, "");
}

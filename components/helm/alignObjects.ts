import { parse } from "yaml";
import { isMap } from "./mergeValues.ts";

/** Keys that identify the entries of a Kubernetes list; the first that fits is used. `from` identifies Loki's schema periods. */
const NAMES = ["name", "metadata.name", "mountPath", "from", "containerPort", "topologyKey", "key"];

const valueAt = (entry: unknown, name: string): unknown =>
  name.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), entry);

/** Key of a list of texts, which is compared line by line. */
export const LINES = "[lines]";

/**
 * Both values in a form in which the same entry has the same path on both sides. Lists of named entries become maps, lists of texts become
 * one text, and YAML files become the values in them.
 *
 * @param key The values' own key; `*.yaml` is a file.
 */
export function align(before: unknown, after: unknown, key: string | number): [unknown, unknown] {
  if (Array.isArray(before) && Array.isArray(after)) return alignLists(before, after);
  if (isMap(before) && isMap(after)) {
    const pairs = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((k) => {
      const [a, b] = align(before[k], after[k], k);
      return [k, a, b] as const;
    });
    return [
      Object.fromEntries(pairs.filter(([k]) => k in before).map(([k, a]) => [k, a])),
      Object.fromEntries(pairs.filter(([k]) => k in after).map(([k, , b]) => [k, b])),
    ];
  }
  if (typeof before === "string" && typeof after === "string" && /\.ya?ml$/.test(String(key))) {
    const [a, b] = [yamlMap(before), yamlMap(after)];
    // If only comments or layout differ, the texts are compared: their checksums differ too.
    if (a && b && JSON.stringify(a) !== JSON.stringify(b)) return align(a, b, "");
  }
  return [before, after];
}

function alignLists(before: unknown[], after: unknown[]): [unknown, unknown] {
  const name = NAMES.find((candidate) => identifies(before, candidate) && identifies(after, candidate));
  if (name) {
    const byName = (list: unknown[]) => Object.fromEntries(list.map((entry) => [`[${valueAt(entry, name)}]`, entry]));
    const [a, b] = align(byName(before), byName(after), "") as [Record<string, unknown>, Record<string, unknown>];
    const [orderA, orderB] = [Object.keys(byName(before)), Object.keys(byName(after))];
    // The order alone can matter: environment variables refer to those before them.
    if (orderA.join() !== orderB.join() && [...orderA].sort().join() === [...orderB].sort().join())
      return [
        { ...a, "[order]": orderA.join(" ") },
        { ...b, "[order]": orderB.join(" ") },
      ];
    return [a, b];
  }
  if ([...before, ...after].every((entry) => typeof entry === "string"))
    return [{ [LINES]: `${before.join("\n")}\n` }, { [LINES]: `${after.join("\n")}\n` }];
  const pairs = Array.from({ length: Math.max(before.length, after.length) }, (_, i) => align(before[i], after[i], i));
  return [pairs.map(([a]) => a).slice(0, before.length), pairs.map(([, b]) => b).slice(0, after.length)];
}

const identifies = (list: readonly unknown[], name: string): boolean =>
  list.length > 0 &&
  list.every((entry) => ["string", "number"].includes(typeof valueAt(entry, name))) &&
  new Set(list.map((entry) => valueAt(entry, name))).size === list.length;

/** A list of texts in its own form again, for a part that was added or removed as a whole. */
export function unalign(value: unknown): unknown {
  return isMap(value) && LINES in value ? String(value[LINES]).trimEnd().split("\n") : value;
}

function yamlMap(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = parse(text) as unknown;
    return isMap(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

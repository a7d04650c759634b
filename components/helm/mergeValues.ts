import { isDeepStrictEqual } from "node:util";

/** Helm values: a tree of maps, lists and scalars (or Outputs of them). */
export type Values = Record<string, unknown>;

/**
 * Merges `over` into `base` as Helm merges values files: maps key by key, anything else is replaced. One thing differs: a list of maps in
 * `base` keeps its entries. An entry of `over` with the same key is merged into the entry of `base`, and any other is added.
 */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Values = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = mergeValue(merged[key], value);
  return merged;
}

function mergeValue(base: unknown, over: unknown): unknown {
  if (isMap(base) && isMap(over)) return mergeValues(base, over);
  return isListOfMaps(base) && isListOfMaps(over) ? mergeLists(base, over) : over;
}

/** The entries of `base` come last: of two sources in `envFrom` with the same variable, and of two variables in `env`, the last one wins. */
function mergeLists(base: readonly Values[], over: readonly Values[]): Values[] {
  const same = (a: Values, b: Values): boolean => {
    const key = keyOf(a);
    return key === undefined ? isDeepStrictEqual(a, b) : key === keyOf(b);
  };
  const added = over.filter((entry) => !base.some((own) => same(own, entry)));
  const kept = base.map((own) => over.filter((entry) => same(own, entry)).reduce(mergeValues, own));
  return [...added, ...kept];
}

/**
 * What tells an entry of a Kubernetes list from the others: a mount's path, a name, the object it takes its variables from, a topology's key.
 * Tolerations and expressions with the same `key` can stand side by side, so these have none, and differ if anything in them differs.
 */
function keyOf({ mountPath, name, secretRef, configMapRef, topologyKey }: Values): string | undefined {
  const keys = { mountPath, name, secret: nameIn(secretRef), configMap: nameIn(configMapRef), topologyKey };
  const [found] = Object.entries(keys).filter(([, key]) => typeof key === "string");
  return found?.join(" ");
}

const nameIn = (reference: unknown): unknown => (isMap(reference) ? reference.name : undefined);

const isListOfMaps = (value: unknown): value is Values[] => Array.isArray(value) && value.every(isMap);

/** Whether a value is a map. A list, an Output or any other object is not. */
export const isMap = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** Helm values: a tree of maps, lists and scalars (or Outputs of them). */
export type Values = Record<string, unknown>;

/** Merges `over` into `base` as Helm merges values files: maps key by key. Anything else, lists included, is replaced. */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Values = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const current = merged[key];
    merged[key] = isMap(current) && isMap(value) ? mergeValues(current, value) : value;
  }
  return merged;
}

/** Whether a value is a map. A list, an Output or any other object is not. */
export const isMap = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

import type { Findings } from "./problems.ts";

/** Helm values: a tree of maps, lists and scalars (or Outputs of them). */
export type Values = Record<string, unknown>;

/** `over` merged into `base` as Helm merges values files: maps key by key, everything else, lists too, replaced. */
export function mergeValues(base: Values, over: Values): Values {
  const merged: Values = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const current = merged[key];
    merged[key] = isMap(current) && isMap(value) ? mergeValues(current, value) : value;
  }
  return merged;
}

/**
 * Refuses values in an escape hatch that an argument sets: behind the argument's back they would pass its checks by, the capacity
 * check first of all.
 *
 * @param owned the argument of each value path; everything below the path belongs to it too.
 */
export function checkNotOwned(
  values: Values,
  owned: Readonly<Record<string, string>>,
  path: string,
  findings: Findings,
): void {
  for (const [valuePath, argument] of Object.entries(owned)) {
    const given = valuePath.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);
    findings.check(given === undefined, {
      path: `${path}.${valuePath}`,
      // Anything else may hold a secret, which an error does not repeat.
      ...(typeof given === "number" && { given }),
      expected: `nothing here: the argument ${argument} sets it, and checks it`,
      fix: `set ${argument} instead`,
    });
  }
}

const isMap = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

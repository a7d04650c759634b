import type { Findings } from "../findings.ts";
import { isMap, type Values } from "./mergeValues.ts";
import type { GivablePromise } from "./promises/promise.ts";

/**
 * Refuses values in an escape hatch that an argument sets. They would bypass the argument's checks, above all the capacity check.
 *
 * @param owned The argument by value path. Everything below the path belongs to the argument too.
 */
export function checkNotOwned(
  values: Values,
  owned: Readonly<Record<string, string>>,
  path: string,
  findings: Findings,
): void {
  for (const [valuePath, argument] of Object.entries(owned)) {
    const given = valueAt(values, valuePath);
    findings.check(given === undefined, {
      subject: `${path}.${valuePath}`,
      // Any other type may hold a secret, and an error must not repeat it.
      ...(typeof given === "number" && { given }),
      text: `nothing here: the argument ${argument} sets it and checks it`,
      fix: `set ${argument} instead`,
    });
  }
}

/** A value that an escape hatch must not set. */
export interface FixedValue {
  readonly path: string;
  readonly reason: string;
  /** The only value that is allowed. @default none */
  readonly only?: unknown;
  /** The promise that allows any value once it is given up. */
  readonly promise?: GivablePromise;
}

/** Refuses values in an escape hatch that must not change. */
export function checkNotFixed(
  values: Values,
  fixed: readonly FixedValue[],
  givenUp: readonly GivablePromise[],
  path: string,
  findings: Findings,
): void {
  for (const { path: valuePath, reason, only, promise } of fixed) {
    const given = valueAt(values, valuePath);
    const accepted = given === undefined || given === only || (promise !== undefined && givenUp.includes(promise));
    findings.check(accepted, {
      subject: `${path}.${valuePath}`,
      text: `${only === undefined || only === "" ? "nothing here" : only}: ${reason}`,
      fix: promise ? `remove it; or promisesGivenUp: [${promise}]` : "remove it",
    });
  }
}

const valueAt = (values: Values, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);

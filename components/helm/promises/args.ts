import { z } from "zod";
import type { Findings } from "../../findings.ts";
import { GIVEN_UP, type GivablePromise, PROMISES } from "./promise.ts";

const GIVABLE = Object.keys(GIVEN_UP) as [GivablePromise, ...GivablePromise[]];

/** The argument `promisesGivenUp`. */
export const promisesGivenUpArg = z.array(z.enum(GIVABLE)).default([]);

/** Begins every warning of a promise that is given up. A change report repeats these, even if nothing about them changed. */
export const GIVEN_UP_MARK = "promisesGivenUp:";

/** Warns of each promise that is given up. */
export function warnOfGivenUp(promises: readonly GivablePromise[], findings: Findings): void {
  for (const promise of new Set(promises))
    findings.warn(
      `${GIVEN_UP_MARK} ${promise}: the stack no longer promises that ${PROMISES[promise]}; ${GIVEN_UP[promise]}.`,
    );
}

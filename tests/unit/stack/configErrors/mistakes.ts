// What the tests of one mistake each share.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Loose } from "../../../harness/manifest.ts";
import { problemAt, refusal, stackFile } from "../../../harness/plannedStack.ts";

/** One mistake in a stack's config, and its entry in the error. */
export interface Mistake {
  /** Name of the test, after `is refused:`. */
  readonly what: string;
  /** Puts the mistake into a valid config. */
  readonly change: (config: Loose) => void;
  /** Key path of the problem. */
  readonly path: string;
  /** The value in the message. Absent if the message shows none. */
  readonly given?: unknown;
  readonly allowed: RegExp;
  readonly fix: RegExp;
  /** Top-level keys that hold a secret. A secret that must not be shown contains `PLANTED`. */
  readonly secretKeys?: string[];
}

/** Uses an existing node pool with the label `workload=logging`. */
export const existingPool = (config: Loose, more: object = {}) => {
  config.nodePool = {
    mode: "existing",
    label: { key: "workload", value: "logging" },
    capacity: { vmSize: "Standard_D4s_v5", maxCount: 5 },
    ...more,
  };
};

/** One test per mistake: the error shows the key, the value given, what is allowed, and the fix. It shows no secret. */
export function describeMistakes(topic: string, mistakes: readonly Mistake[]): void {
  describe(`${topic} is refused:`, () => {
    for (const { what, change, path, given, allowed, fix, secretKeys = [] } of mistakes) {
      it(what, async () => {
        const error = await refusal(stackFile(change, { secretKeys }));
        const problem = problemAt(error, path);
        assert.deepEqual(problem.given, given);
        assert.match(problem.text, allowed);
        assert.match(problem.fix, fix);
        const text = error?.message ?? "";
        assert.ok(text.includes(`\n  ${path}\n`), text);
        assert.ok(!text.includes("PLANTED"), `a secret in the message: ${text}`);
      });
    }
  });
}

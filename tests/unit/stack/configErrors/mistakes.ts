// What the tests of one mistake each share.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goScalar } from "../../../../automation/yaml/goScalars.ts";
import type { Finding } from "../../../../components/findings.ts";
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

/** What a fix tells to write, to rename or to remove. `undefined` if it needs knowledge or another program. */
function appliedFix({ fix, given: shown }: Finding): ((group: Loose, key: string) => void) | undefined {
  const [, json, word] =
    /^(?:write|quote it:)(?: it without quotes:)? (?:("(?:[^"\\\\]|\\\\.)*")|(\S+?))(?:[;:] .*)?$/.exec(fix) ?? [];
  const [, list] = /^write it as a list: (.*)$/.exec(fix) ?? [];
  const [, meant] = /^did you mean ([^?]+)\?/.exec(fix) ?? [];
  const value = json ?? list ?? word;
  if (value !== undefined)
    return (group, key) => {
      group[key] = json || list ? JSON.parse(value) : readScalar(value);
    };
  if (meant !== undefined)
    return (group, key) => {
      // An error about a key shows no value.
      if (shown !== undefined) {
        group[key] = meant;
        return;
      }
      group[meant] ??= group[key];
      delete group[key];
    };
  if (/^(remove it$|leave it out|pulumi config rm )/.test(fix))
    return (group, key) => {
      delete group[key];
    };
  return undefined;
}

/** A scalar as a person writes it into a stack file. */
const readScalar = (text: string): unknown => {
  const value = goScalar(text);
  return typeof value === "symbol" || typeof value === "bigint" ? text : value;
};

/** Applies a fix that can be applied mechanically. The problem is gone then. */
async function assertFixed(change: Mistake["change"], secretKeys: string[], problem: Finding): Promise<void> {
  const apply = appliedFix(problem);
  if (!apply) return;
  const file = stackFile(
    (config) => {
      change(config);
      const keys = problem.subject.split(/[.[\]]+/).filter(Boolean);
      const key = keys.pop() ?? "";
      const group = keys.reduce<Loose>((value, name) => value?.[name], config);
      assert.ok(typeof group === "object", `nothing at ${problem.subject}`);
      apply(group, key);
    },
    { secretKeys },
  );
  const left = (await refusal(file))?.problems.filter(({ subject }) => subject === problem.subject) ?? [];
  assert.deepEqual(left, [], `the problem is still there after its fix: ${problem.fix}`);
}

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
        await assertFixed(change, secretKeys, problem);
        const text = error?.message ?? "";
        assert.ok(text.includes(`\n  ${path}\n`), text);
        assert.ok(!text.includes("PLANTED"), `a secret in the message: ${text}`);
      });
    }
  });
}

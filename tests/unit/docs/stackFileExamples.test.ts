// Every part of a stack file that a document shows is accepted as it stands.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";
import type { Loose } from "../../harness/manifest.ts";
import { refusal, stackFile } from "../../harness/plannedStack.ts";

/** What stands for a value of the reader's own. A whole id has none of it. */
const ELLIPSIS = /…|\.\.\./;

const EXAMPLES = globSync(["README.md", "docs/**/*.md"]).flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].flatMap(
    ([, indent = "", block = ""]) => {
      if (!/^ *logging:/m.test(block)) return [];
      const content: Loose = parse(block.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
      return [{ file, groups: (content.config ?? content) as Loose }];
    },
  ),
);

describe("the example of a stack file in", () => {
  for (const { file, groups } of EXAMPLES)
    it(`${file}: ${JSON.stringify(groups).slice(0, 100)}`, async () => {
      const error = await refusal(
        stackFile((config) => {
          for (const [key, value] of Object.entries(groups)) {
            const group = key.replace("logging:", "");
            const keep = typeof value === "object" && !Array.isArray(value) && group !== "nodePool";
            config[group] = keep ? { ...config[group], ...value } : value;
          }
        }),
      );
      const problems = error?.problems.filter(({ given }) => !ELLIPSIS.test(String(given))) ?? [];
      assert.deepEqual(problems, []);
    });

  it("several documents", () => {
    assert.ok(new Set(EXAMPLES.map(({ file }) => file)).size > 5, `${EXAMPLES.length} examples`);
  });
});

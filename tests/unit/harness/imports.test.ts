// Who may import whom: each tier, the benchmark and the product must stay usable without the others.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";

const TIERS = ["tests/unit", "tests/charts", "tests/pipeline", "tests/cluster"] as const;

/** Folders, and the folders whose files they must not import. `tests/unit` also holds the tests of the benchmark. */
const FORBIDDEN: ReadonlyArray<readonly [folder: string, others: readonly string[]]> = [
  ...TIERS.map((tier): [string, string[]] => [
    tier,
    [...TIERS.filter((other) => other !== tier), ...(tier === "tests/unit" ? [] : ["bench"])],
  ]),
  ["tests/harness", [...TIERS, "bench"]],
  ["bench", TIERS],
  ...["components", "stack", "automation", "policies"].map((folder): [string, string[]] => [
    folder,
    ["tests", "bench"],
  ]),
];

/** Every relative import of a file, static or not, by its path from the project's folder. */
function importsOf(file: string): string[] {
  const imports = readFileSync(file, "utf8").matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...imports].map(([, path = ""]) => relative(".", join(dirname(file), path)));
}

const isIn = (folder: string, file: string): boolean => file.startsWith(`${folder}/`);

describe("no file imports from a folder that it must not depend on", () => {
  for (const [folder, others] of FORBIDDEN) {
    it(folder, () => {
      const files = [...globSync(`${folder}.ts`), ...globSync(`${folder}/**/*.ts`)];
      assert.ok(files.length > 0, `${folder} has no files`);
      const wrong = files.flatMap((file) =>
        importsOf(file)
          .filter((imported) => others.some((other) => isIn(other, imported)))
          .map((imported) => `${file} imports ${imported}`),
      );
      assert.deepEqual(wrong, []);
    });
  }
});

it("reads static, dynamic and type imports", () => {
  const imports = importsOf("tests/unit/harness/imports.test.ts");
  assert.deepEqual(imports, []);
  assert.deepEqual(importsOf("tests/pipeline/local.ts").includes("tests/pipeline/localStack.ts"), true, "dynamic");
  assert.ok(importsOf("tests/harness/registrations.ts").includes("tests/harness/plannedStack.ts"), "static");
});

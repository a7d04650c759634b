// What the documents say of the project is held against the project.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { execute } from "../../harness/command.ts";

const DOCUMENTS = [
  "README.md",
  ...readdirSync("docs").map((file) => `docs/${file}`),
  "tests/cluster/README.md",
  "tests/pipeline/README.md",
];
const README = readFileSync("README.md", "utf8");

it("the tables of config keys say what the arguments' comments say", async () => {
  const { code, stderr, stdout } = await execute("automation/commands/docs.ts", ["--check"]);
  assert.equal(code, 0, stderr + stdout);
});

it("every npm command that a document names is there, and README names every one", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  for (const file of DOCUMENTS)
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/npm run ([a-z][a-z:]*)/g))
      assert.ok(scripts[name], `${file}: npm run ${name}`);
  for (const name of Object.keys(scripts))
    assert.match(README, new RegExp(`npm (run )?${name}\\b`), `README does not name ${name}`);
});

it("every scenario that a document names is there", () => {
  const scenarios = ["cluster", "pipeline"].flatMap((tier) =>
    readdirSync(`tests/${tier}/scenarios`).map((file) => file.replace(".test.ts", "")),
  );
  for (const file of DOCUMENTS)
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/scenario `(\w+)`/g))
      assert.ok(scenarios.includes(name), `${file}: scenario ${name}`);
});

it("links between documents lead somewhere", () => {
  const anchorsOf = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
  for (const file of DOCUMENTS)
    for (const [, target = "", anchor] of readFileSync(file, "utf8").matchAll(/\]\(([^)#:]*)(?:#([^)]+))?\)/g)) {
      const path = target ? join(dirname(file), target) : file;
      assert.ok(existsSync(path), `${file} links to ${target}`);
      if (anchor) assert.ok(anchorsOf(readFileSync(path, "utf8")).includes(anchor), `${file}: ${target}#${anchor}`);
    }
});

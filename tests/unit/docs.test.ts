// What the documents say of the project is held against the project.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { it } from "node:test";
import { execute } from "./command.ts";

const DOCUMENTS = [
  "README.md",
  ...readdirSync("docs").map((file) => `docs/${file}`),
  "tests/cluster/README.md",
  "tests/pipeline/README.md",
];
const README = readFileSync("README.md", "utf8");

/** What every repository has, and nobody looks for in a map. */
const UNREMARKABLE = [
  ".editorconfig",
  ".git",
  ".gitignore",
  ".node-version",
  ".npmrc",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "biome.json",
  "node_modules",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
];

it("the tables of config keys say what the arguments' comments say", async () => {
  const { code, stderr, stdout } = await execute("automation/argumentsDocs.ts", ["--check"]);
  assert.equal(code, 0, stderr + stdout);
});

it("README's layout has what is there, and all of it", () => {
  const section = /^## Layout\n([\s\S]*?)^## /m.exec(README)?.[1] ?? "";
  let parent = "";
  const listed = [...section.matchAll(/^ {4}( *)(\S.*?) {2,}\S/gm)].flatMap(([, indent, names = ""]) => {
    const paths = names.split(", ").map((name) => (indent ? parent : "") + name);
    if (!indent) parent = paths[0] ?? "";
    return paths;
  });
  const globs = listed.map((path) => path.replace(/<\w+>/, "*").replace(/\/$/, ""));
  const present = readdirSync(".").filter((name) => !UNREMARKABLE.includes(name));
  for (const name of present)
    assert.ok(
      globs.some((glob) => matchesGlob(name, glob)),
      `${name} is not in the layout`,
    );
  for (const glob of globs)
    assert.ok(existsSync(glob) || present.some((name) => matchesGlob(name, glob)), `the layout has ${glob}`);
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

it("tables are aligned or compact, not half of each, and nowhere is a blank line too many", () => {
  for (const file of DOCUMENTS) {
    const text = readFileSync(file, "utf8");
    assert.doesNotMatch(text, /\n{3,}/, `${file} has two blank lines in a row`);
    for (const [table] of text.matchAll(/(?:^ *\|.*\|$\n?)+/gm)) {
      const rows = table.trimEnd().split("\n");
      const aligned = new Set(rows.map((row) => row.length)).size === 1;
      const compact = !rows.some((row) => / {2,}\|/.test(row));
      assert.ok(aligned || compact, `${file}: ${table.slice(0, 60)}`);
    }
  }
});

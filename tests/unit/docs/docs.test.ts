// Checks the documents against the project: the commands, scenarios, files and versions that they name exist.
import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";

const DOCUMENTS = globSync("**/*.md", { exclude: (name) => name === "node_modules" });
const PACKAGE = JSON.parse(readFileSync("package.json", "utf8")) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};

it("every npm command that a document names exists, and README names every command", () => {
  for (const file of DOCUMENTS)
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/npm run ([a-z][a-z:]*)/g))
      assert.ok(PACKAGE.scripts[name], `${file}: npm run ${name}`);
  const readme = readFileSync("README.md", "utf8");
  for (const name of Object.keys(PACKAGE.scripts))
    assert.match(readme, new RegExp(`npm (run )?${name}\\b`), `README.md does not name ${name}`);
});

it("every scenario that a document names exists", () => {
  const scenarios = ["cluster", "pipeline"].flatMap((tier) =>
    readdirSync(`tests/${tier}/scenarios`).map((file) => file.replace(".test.ts", "")),
  );
  for (const file of DOCUMENTS)
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/scenario `(\w+)`/g))
      assert.ok(scenarios.includes(name), `${file}: scenario ${name}`);
});

it("every file of the project that a document names exists", () => {
  for (const file of DOCUMENTS.filter((name) => name !== "CHANGELOG.md"))
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(
      /`((?:automation|components|docs|policies|stack|tests|bench|\.github|\.ci)\/[\w./-]+)`/g,
    ))
      assert.ok(existsSync(path) || existsSync(join(dirname(file), path)), `${file}: ${path}`);
});

it("a document that names the version of a chart or a provider names the pinned one", () => {
  const pinned: Record<string, string> = { loki: LOKI_CHART.version, alloy: ALLOY_CHART.version };
  for (const [name, version] of Object.entries(PACKAGE.dependencies))
    if (name.startsWith("@pulumi/")) pinned[name.replace("@pulumi/", "")] = version;
  for (const file of DOCUMENTS) {
    const text = readFileSync(file, "utf8");
    const named = [
      ...text.matchAll(/helm pull (\w+) .*--version (\S+)/g),
      ...text.matchAll(/`(loki|alloy)` \(chart ([\d.]+)/g),
      ...text.matchAll(/pulumi plugin install resource (\S+) (\S+)/g),
    ];
    for (const [, name = "", version] of named) assert.equal(version, pinned[name], `${file}: ${name}`);
  }
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

// Checks the English of the documents with textlint. The rules are in .textlintrc.json.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { createLinter, loadTextlintrc } from "textlint";

it("documents are in plain English", async () => {
  const linter = createLinter({ descriptor: await loadTextlintrc() });
  const faults: string[] = [];
  for (const file of execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" }).trim().split("\n")) {
    if (file === "docs/arguments.md") continue; // Generated.
    const { messages } = await linter.lintText(readFileSync(file, "utf8"), file);
    faults.push(...messages.map(({ line, message }) => `${file}:${line}: ${message.split("\n")[0]}`));
  }
  assert.deepEqual(faults, []);
});

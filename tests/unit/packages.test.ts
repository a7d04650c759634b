import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { it } from "node:test";

it("every package that the program or a command imports is a pinned dependency; the others are for docs and tests", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  const files = globSync(["*.ts", "{automation,components,policies,stack}/**/*.ts"]);
  const imported = files
    .filter((path) => !path.startsWith("automation/reference/"))
    .flatMap((path) => [
      ...readFileSync(path, "utf8").matchAll(/^(?:import|\} from)\b.*"((?:@[^/"]+\/)?[^./"][^/":]*)[^":]*";$/gm),
    ])
    .map(([, name]) => name);
  assert.deepEqual(new Set(imported), new Set(Object.keys(dependencies)));
  for (const [name, version] of Object.entries(dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});

it("a command that starts other programs gets npm's signals: the shell between them keeps a signal to itself", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const kept = Object.entries(scripts).filter(
    ([name, script]) => script.includes("automation/commands/") && !script.startsWith("exec ") && name !== "start",
  );
  // Neither starts another program.
  assert.deepEqual(
    kept.map(([name]) => name),
    ["docs"],
  );
});

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { it } from "node:test";

it("the loss contract names every scenario, and which ones run without --all", () => {
  const contract = readFileSync(resolve(import.meta.dirname, "../../../docs/loss-contract.md"), "utf8");
  const table = contract.slice(contract.indexOf("## Which test shows what"));
  const rows = table.split("\n").filter((row) => row.startsWith("| ") && !/^\| (promise|---)/.test(row));
  const named = rows.flatMap((row) => [...(row.split("|").at(-2) ?? "").matchAll(/`(\w+)`/g)].map((m) => m[1]));
  const there = globSync("scenarios/*.test.ts", { cwd: resolve(import.meta.dirname, "../../pipeline") });
  assert.deepEqual([...new Set(named)].sort(), there.map((file) => basename(file, ".test.ts")).sort());
  const usual = /const USUAL = \[([^\]]*)\]/.exec(
    readFileSync(resolve(import.meta.dirname, "../../pipeline/run.ts"), "utf8"),
  )?.[1];
  const bold = [...table.matchAll(/\*\*`(\w+)`\*\*/g)].map((m) => m[1]);
  assert.deepEqual(bold.sort(), [...(usual ?? "").matchAll(/"(\w+)"/g)].map((m) => m[1]).sort());
});

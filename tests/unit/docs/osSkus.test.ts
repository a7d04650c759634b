import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { OS_SKU_NAMES, osSku } from "../../../components/nodePool/osSkus.ts";

it("docs/upgrading.md has every image family, with its Kubernetes versions and its end", () => {
  const page = readFileSync("docs/upgrading.md", "utf8");
  const rows = [...page.matchAll(/^\| `(Ubuntu\w*|Azure\w+)` +\|(.*)\|$/gm)].map(([, name, cells = ""]) => [
    name,
    ...cells.split("|").map((cell) => cell.trim().replaceAll("`", "")),
  ]);
  const expected = OS_SKU_NAMES.map((name) => {
    const { kubernetes, ends = "", next = "" } = osSku(name);
    const { first, last } = kubernetes;
    return [name, first ? (last ? `${first} to ${last}` : `from ${first}`) : "any", ends, next];
  });
  assert.deepEqual(rows, expected);
});

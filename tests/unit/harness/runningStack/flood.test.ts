import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Flood } from "../../../harness/runningStack/flood.ts";

it("a flood writes whole lines in containerd's format, none with the time of another", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flood-"));
  const flood = new Flood(folder, "flood-0", "7c627ab1", 20);
  try {
    await sleep(300);
    const text = readFileSync(join(flood.folder, "app/0.log"), "utf8");
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, flood.lines);
    assert.equal(text.length, flood.bytes);
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout F id=flood\/\d+ /);
    assert.equal(new Set(lines.map((line) => line.slice(0, 30))).size, lines.length);
  } finally {
    flood.delete();
    assert.equal(existsSync(flood.folder), false);
    rmSync(folder, { recursive: true });
  }
});

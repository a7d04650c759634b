import assert from "node:assert/strict";
import { it } from "node:test";
import type { Measured } from "../../../../bench/collector/measure.ts";
import { reportCollectors } from "../../../../bench/collector/report.ts";
import type { LogInput } from "../../../../bench/pipeline/logInput.ts";

const input = { bytes: 1e9, lines: 5, files: [] } as unknown as LogInput;
const round = (cpuSeconds: number, idle = 0): Measured => ({
  ...{ cpuSeconds, idle, seconds: 10, peakMiB: 100, requests: 20, bytesSent: 5e8, sent: 5 },
});
const row = (table: string, name: string): string =>
  table.split("\n").find((line) => line.startsWith(`| ${name} `)) ?? "";

it("compares the median of the rounds with the first collector's, and shows each round", () => {
  const table = reportCollectors(
    "a backlog",
    input,
    new Map([
      ["seed", [round(90), round(110)]],
      ["stack", [round(150)]],
    ]),
  );
  assert.equal(row(table, "CPU seconds per GB"), "| CPU seconds per GB | 100 (90, 110) | 150 **×1.50** |");
  assert.equal(row(table, "requests per second"), "| requests per second | 2.0 (2.0, 2.0) | 2.0 **×1.00** |");
});

it("compares nothing with a figure of zero", () => {
  const table = reportCollectors(
    "a backlog",
    input,
    new Map([
      ["seed", [round(90)]],
      ["stack", [round(150, 0.02)]],
    ]),
  );
  assert.equal(row(table, "idle CPU, % of a core"), "| idle CPU, % of a core | 0.0 | 2.0 |");
});

import assert from "node:assert/strict";
import { it } from "node:test";
import type { Measured } from "../../../../bench/collector/measure.ts";
import { reportCollectors } from "../../../../bench/collector/report.ts";

const round = (cpuSeconds: number, idle = 0): Measured => ({
  ...{ lines: 5e6, bytes: 1e9, cpuSeconds, idle, seconds: 10, peakMiB: 100, requests: 20, bytesSent: 5e8, sent: 5 },
});
const row = (table: string, name: string): string =>
  table.split("\n").find((line) => line.startsWith(`| ${name} `)) ?? "";

it("compares the median of the rounds with the first collector's, and shows each round", () => {
  const table = reportCollectors(
    "a backlog",
    new Map([
      ["seed", [round(90), round(110)]],
      ["stack", [round(150)]],
    ]),
  );
  assert.equal(row(table, "CPU seconds per GB"), "| CPU seconds per GB | 100 (90, 110) | 150 **×1.50** |");
  assert.equal(
    row(table, "CPU seconds per million lines"),
    "| CPU seconds per million lines | 20 (18, 22) | 30 **×1.50** |",
  );
  assert.equal(row(table, "requests per second"), "| requests per second | 2.0 (2.0, 2.0) | 2.0 **×1.00** |");
});

it("compares nothing with a figure of zero", () => {
  const table = reportCollectors(
    "a backlog",
    new Map([
      ["seed", [round(90)]],
      ["stack", [round(150, 0.02)]],
    ]),
  );
  assert.equal(row(table, "idle CPU, % of a core"), "| idle CPU, % of a core | 0.0 | 2.0 |");
});

it("counts each collector's CPU by what it was given", () => {
  const events = { ...round(10), lines: 2e4, bytes: 4e6 };
  const table = reportCollectors(
    "a backlog",
    new Map([
      ["stack", [round(150)]],
      ["events", [events]],
    ]),
  );
  assert.equal(row(table, "CPU seconds per GB"), "| CPU seconds per GB | 150 | 2500 **×16.67** |");
  assert.equal(row(table, "CPU seconds per million lines"), "| CPU seconds per million lines | 30 | 500 **×16.67** |");
});

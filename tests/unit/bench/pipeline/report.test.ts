import assert from "node:assert/strict";
import { it } from "node:test";
import { type Figures, QUERIES, type ReaderFigures } from "../../../../bench/pipeline/figures.ts";
import { readersReport } from "../../../../bench/pipeline/report.ts";

const readers = (name: string, cpu: number): ReaderFigures => {
  const cost = {
    first: { cpu: 2 * cpu, ms: 40, summary: "" },
    others: { cpu, ms: 20.4, summary: `${cpu} lines read` },
  };
  return { name, queries: Object.fromEntries(QUERIES.map((query) => [query, cost])) as ReaderFigures["queries"] };
};
const variant = (name: string, ...configs: ReaderFigures[]): Figures => ({ name, readers: configs }) as never;

it("compares the readers' configs in one table for each variant that has some", () => {
  const text = readersReport([variant("seed"), variant("stack", readers("stack", 500), readers("hourly", 250))]);
  assert.doesNotMatch(text, /seed/);
  assert.match(text, /over what stack has stored/);
  assert.match(text, /^\| \| stack \| hourly \|$/m);
  assert.match(text, /^\| needle in a day, first \| 1000 \(40\) \| 500 \(40\) \|$/m);
  assert.match(text, /^\| needle in a day, others \| 500 \(20\) \| 250 \(20\) \|$/m);
  assert.match(text, /^- hourly: .*needle in a day: 250 lines read$/m);
});

import { cpus, release } from "node:os";
import { median } from "../statistics.ts";
import type { Measured } from "./measure.ts";

interface Row {
  readonly name: string;
  readonly of: (measured: Measured) => number;
  readonly digits: number;
}

const ROWS: readonly Row[] = [
  { name: "CPU seconds per GB", digits: 0, of: ({ cpuSeconds, bytes }) => cpuSeconds / (bytes / 1e9) },
  { name: "CPU seconds per million lines", digits: 0, of: ({ cpuSeconds, lines }) => cpuSeconds / (lines / 1e6) },
  { name: "MB/s at one core", digits: 1, of: ({ cpuSeconds, bytes }) => bytes / 1e6 / cpuSeconds },
  { name: "largest memory, MiB", digits: 0, of: ({ peakMiB }) => peakMiB },
  { name: "seconds until all was sent", digits: 0, of: ({ seconds }) => seconds },
  { name: "cores until then", digits: 2, of: ({ cpuSeconds, seconds }) => cpuSeconds / seconds },
  { name: "requests per second", digits: 1, of: ({ requests, seconds }) => requests / seconds },
  { name: "bytes sent per byte of lines", digits: 2, of: ({ bytesSent, bytes }) => bytesSent / bytes },
  { name: "lines given", digits: 0, of: ({ lines }) => lines },
  { name: "lines sent", digits: 0, of: ({ sent }) => sent },
  { name: "idle CPU, % of a core", digits: 1, of: ({ idle }) => idle * 100 },
];

/** A table: the median of a variant's rounds, how many times the first variant's it is, and each round. */
export function reportCollectors(scene: string, measured: ReadonlyMap<string, readonly Measured[]>): string {
  const [first = []] = measured.values();
  const cell = (row: Row, rounds: readonly Measured[]): string => {
    const values = rounds.map(row.of);
    const ratio = median(values) / median(first.map(row.of));
    const compared = rounds === first || !Number.isFinite(ratio) ? "" : ` **×${ratio.toFixed(2)}**`;
    const each = rounds.length > 1 ? ` (${values.map((value) => value.toFixed(row.digits)).join(", ")})` : "";
    return `${median(values).toFixed(row.digits)}${compared}${each}`;
  };
  return [
    `${scene}. ${cpus()[0]?.model}, ${cpus().length} cores, Linux ${release().split("-")[0]}. **×** is a figure as a multiple of ${[...measured.keys()][0]}'s.`,
    "",
    `| | ${[...measured.keys()].join(" | ")} |`,
    `|---|${[...measured].map(() => "---").join("|")}|`,
    ...ROWS.map((row) => `| ${row.name} | ${[...measured.values()].map((r) => cell(row, r)).join(" | ")} |`),
    "",
  ].join("\n");
}

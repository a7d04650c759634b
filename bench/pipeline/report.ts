// The table of a run.
import { cpus, release, totalmem } from "node:os";
import { sum } from "../statistics.ts";
import { type Figures, METHODS, PARTS, QUERIES, type Query } from "./figures.ts";
import type { LogInput } from "./logInput.ts";

const LOKI = ["write", "read", "backend"] as const;

interface Row {
  readonly name: string;
  readonly of: (figures: Figures) => number;
  readonly digits: number;
  /** Most figures are better when they are smaller. */
  readonly largeIsGood?: true;
  /** Shown in brackets and not compared. */
  readonly note?: (figures: Figures) => string;
}

const rows = ({ bytes }: LogInput): Row[] => {
  const perGb = (n: number) => n / (bytes / 1e9);
  const perCore = (seconds: number) => bytes / 1e6 / seconds;
  const requests = (f: Figures) => sum(METHODS.map((method) => f.requests[method]));
  return [
    { name: "Alloy, MB/s at one core", digits: 1, largeIsGood: true, of: (f) => perCore(f.cpuSeconds.alloy) },
    {
      ...{ name: "Loki, MB/s at one core", digits: 1, largeIsGood: true },
      of: (f) => perCore(sum(LOKI.map((part) => f.cpuSeconds[part]))),
    },
    ...PARTS.map((part) => ({
      ...{ name: `CPU seconds per GB: ${part}`, digits: 1 },
      of: (f: Figures) => perGb(f.cpuSeconds[part]),
    })),
    ...PARTS.map((part) => ({ name: `peak memory, MiB: ${part}`, digits: 0, of: (f: Figures) => f.peakMiB[part] })),
    {
      ...{ name: "S3 requests per GB", digits: 0, of: (f: Figures) => perGb(requests(f)) },
      note: (f) => METHODS.map((m) => `${m} ${perGb(f.requests[m]).toFixed(0)}`).join(", "),
    },
    {
      ...{ name: "bytes in the bucket per raw byte", digits: 4 },
      of: (f) => (f.chunks.bytes + f.indexBytes) / bytes,
      note: (f) => `${f.chunks.count} chunks of ${(f.chunks.bytes / f.chunks.count / 1024).toFixed(0)} KiB`,
    },
    { name: "index, KiB", digits: 0, of: (f) => f.indexBytes / 1024 },
    { name: "streams", digits: 0, of: (f) => f.streams },
    { name: "needle in a day, MB/s at one core of read", digits: 0, largeIsGood: true, of: (f) => f.searchedPerCore },
    // Other work on the machine changes it less than the time until the answer.
    ...QUERIES.map((query) => ({
      ...{ name: `query, CPU ms of read: ${query}`, digits: 0 },
      of: (f: Figures) => f.queries[query].cpu,
    })),
    ...QUERIES.map((query) => ({
      ...{ name: `query, ms: ${query}`, digits: 0 },
      of: (f: Figures) => f.queries[query].median,
      note: (f: Figures) => `first ${f.queries[query].first.toFixed(0)}`,
    })),
  ];
};

/** The run in words, and a table: each figure, and how many times better it is than the first variant's. */
export function report(
  input: LogInput,
  variants: readonly Figures[],
  { nodes, seconds, hours }: { nodes: number; seconds: number; hours: number },
): string {
  const [first] = variants;
  const cell = (row: Row, figures: Figures): string => {
    const [value, reference] = [row.of(figures), first ? row.of(first) : 0];
    const ratio = row.largeIsGood ? value / reference : reference / value;
    return [
      value.toFixed(row.digits),
      figures === first ? "" : ` **×${ratio.toFixed(2)}**`,
      row.note ? ` (${row.note(figures)})` : "",
    ].join("");
  };
  return [
    `${(input.bytes / 1e6).toFixed(0)} MB of lines (${input.lines}; without containerd's prefix) of ${input.files.length} containers on ${nodes} nodes, written in ${seconds.toFixed(0)} s. The timestamps of the lines are spread over ${hours} h. ${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split("-")[0]}, Node ${process.version}.`,
    "",
    `**×** is how many times better than ${first?.name} a figure is; below 1 it is worse.`,
    "",
    `| | ${variants.map(({ name }) => name).join(" | ")} |`,
    `|---|${variants.map(() => "---").join("|")}|`,
    ...rows(input).map((row) => `| ${row.name} | ${variants.map((figures) => cell(row, figures)).join(" | ")} |`),
    "",
  ].join("\n");
}

/** What each query costs with each config of the readers, one table for each variant that was measured. */
export const readersReport = (variants: readonly Figures[]): string =>
  variants
    .filter(({ readers }) => readers.length > 0)
    .map(({ name, readers }) => {
      const line = (query: Query, when: "first" | "others"): string =>
        `| ${query}, ${when} | ${readers.map(({ queries }) => `${queries[query][when].cpu.toFixed(0)} (${queries[query][when].ms.toFixed(0)})`).join(" | ")} |`;
      return [
        `Readers' CPU ms of a query (and ms until the answer), over what ${name} has stored:`,
        "",
        `| | ${readers.map((reader) => reader.name).join(" | ")} |`,
        `|---|${readers.map(() => "---").join("|")}|`,
        ...QUERIES.flatMap((query) => [line(query, "first"), line(query, "others")]),
        "",
        ...readers.map(
          (reader) =>
            `- ${reader.name}: ${QUERIES.map((query) => `${query}: ${reader.queries[query].others.summary}`).join(". ")}`,
        ),
        "",
      ].join("\n");
    })
    .join("\n");

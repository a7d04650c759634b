import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Loose } from "./manifest.ts";

/**
 * What a key of a chart's values holds. `map`: only keys that are in the list. `open`: any key or value, as for `{}`, `null` and sections
 * that the chart passes on as they are.
 */
export type Kind = "map" | "open" | "list" | "text" | "number" | "flag";

/** What the tests know of a chart without having it. Generated from the chart: tests/charts/generateChartFacts.ts. */
export interface ChartFacts {
  /** Key paths of the chart's values: the top ones, and those beside keys that the stack sets. */
  readonly keys: Readonly<Record<string, Kind>>;
  /** Defaults that the tests rely on: those that `withoutCharts/` reads, and some that would be wrong for us. */
  readonly defaults: Loose;
}

/** Name of the file in tests/fixtures. */
export const chartFactsFile = (name: string, version: string): string => `charts/${name}-${version}.yaml`;

/** The facts of a chart. @throws when there is no file for this version. */
export function readChartFacts(name: string, version: string): ChartFacts {
  const file = new URL(`../fixtures/${chartFactsFile(name, version)}`, import.meta.url);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Error(
      `without charts nothing is known of ${name} ${version}; with helm and the chart, npm test -- --update writes it`,
    );
  }
  return parse(text);
}

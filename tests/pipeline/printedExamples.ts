// Queries that npm run local prints, with what they find.
import { until } from "../harness/processes.ts";
import type { LogQueries } from "../harness/runningStack/queries.ts";

/** What it shows, the query, and how Loki is asked. */
export type Example = readonly [name: string, query: string, path: "query" | "query_range"];

/** Lines of a node have no namespace. */
interface Labels {
  readonly namespace?: string;
  readonly node?: string;
}

interface Result {
  readonly stream?: Labels;
  readonly metric?: Labels;
  readonly values?: ReadonlyArray<readonly [string, string]>;
  readonly value?: readonly [number, string];
}

/** Waits until the query finds something, and prints both. */
export async function printExample(queries: LogQueries, [name, query, path]: Example): Promise<void> {
  let found: Result[] = [];
  await until(name, async () => {
    found = await queries.ask<Result>(path, { query, limit: "3" });
    return found.length > 0;
  });
  const lines = found.flatMap(({ stream, metric, values, value }) => {
    const { namespace, node } = stream ?? metric ?? {};
    return (values ?? [value ?? [0, ""]]).map(([, text]) => `    ${namespace ?? node}  ${shown(text)}`);
  });
  // In one piece: others print at the same time.
  console.log([`\n  ${name}`, `  ${query}`, ...lines].join("\n"));
}

/** A long line is cut. Further lines of an entry are indented. */
const shown = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line.length > 110 ? `${line.slice(0, 110)}...` : line))
    .join("\n               ");

import { z } from "zod";
import { count, explained, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import type { Values } from "../helm/mergeValues.ts";
import { longestRetention, type Retention } from "./retention.ts";

/** Seconds after which the gateway and Loki's own server end a request. */
const SERVER_SECONDS = 600;

/** Requests that one query may have in the queue at once: Loki's `tsdb_max_query_parallelism`. */
const PARALLEL_REQUESTS = 128;

const blockedQuery = z.strictObject({
  /** The whole query, or, with `regex`, an expression for a part of it. */
  pattern: text,
  /**
   * Reads the pattern as a regular expression (RE2).
   * @default false
   */
  regex: z.boolean().default(false),
  /**
   * Kinds of queries: `metric` counts, `filter` searches lines, `limited` reads lines of a selector.
   * @default - every kind
   */
  types: z
    .array(z.enum(["metric", "filter", "limited"]))
    .min(1)
    .optional(),
});

/** Guard rails for readers: one query must not take Loki from everyone else. */
export const queriesArgs = z.strictObject({
  /**
   * Time for one query, seconds. A search through a whole day of the profile's lines ends within the default.
   * @default 300
   */
  timeoutSeconds: count
    .refine(
      (seconds) => seconds < SERVER_SECONDS,
      explained({
        text: `less than ${SERVER_SECONDS}: then the gateway ends the request, and nobody reads why`,
        fix: `write ${SERVER_SECONDS / 2}`,
      }),
    )
    .default(300),
  /**
   * What one query may read, GB of lines. Above it, Loki answers at once that the query needs a narrower selector or less time. It does
   * not count for queries without a filter, which end at their limit of lines. The default is what three readers of 2 cores search within
   * `timeoutSeconds`.
   * @default 108
   */
  maxReadGb: count.max(1_000_000).default(108),
  /**
   * Series that one query may return. The default is one for each container on 40 nodes.
   * @default 1200
   */
  maxSeries: count.default(1200),
  /**
   * Lines that one query may return. The default is a page of logcli, and what a browser still shows.
   * @default 5000
   */
  maxEntries: count.default(5000),
  /**
   * Queries at once. Loki splits a query into as many as 128 requests, and answers 429 to those that do not fit into the queue.
   * @default 100
   */
  maxQueued: count.default(100),
  /**
   * Queries that Loki refuses, like that of a dashboard that nobody can stop.
   * https://grafana.com/docs/loki/latest/operations/blocking-queries/
   * @default []
   */
  blocked: z.array(blockedQuery).default([]),
});

type Queries = z.output<typeof queriesArgs>;

/** The guard rails among Loki's limits. */
export const queryLimits = ({ queries, ...retention }: Retention & { readonly queries: Queries }): Values => ({
  query_timeout: `${queries.timeoutSeconds}s`,
  // Lines that are kept longer than others must be found too.
  max_query_lookback: `${longestRetention(retention)}h`,
  // All that is kept, and the rest of today. With Loki's 721h, a query for all of a longer retention would be refused.
  max_query_length: `${longestRetention(retention) + 24}h`,
  max_query_bytes_read: `${queries.maxReadGb}GB`,
  max_query_series: queries.maxSeries,
  // One volume for each container.
  volume_max_series: queries.maxSeries,
  max_entries_limit_per_query: queries.maxEntries,
  ...(queries.blocked.length > 0 && { blocked_queries: queries.blocked }),
});

/** Loki's `query_scheduler`. */
export const queryQueue = ({ maxQueued }: Queries): Values => ({
  max_outstanding_requests_per_tenant: maxQueued * PARALLEL_REQUESTS,
});

/** Checks the expressions of blocked queries. Loki ignores one that it cannot read, and then blocks nothing. */
export function checkBlocked(blocked: Queries["blocked"], findings: Findings): void {
  blocked.forEach(({ pattern, regex, types }, i) => {
    if (!regex) return;
    const subject = `loki.queries.blocked[${i}].pattern`;
    const expression = readable(pattern);
    const isRead = findings.check(expression !== undefined, {
      subject,
      given: pattern,
      text: "a regular expression of RE2, which has no (?=, (?!, (?<= and \\1: https://github.com/google/re2/wiki/Syntax",
      fix: "write it without these, or give the whole query and leave out regex",
    });
    if (isRead && !types && expression?.test(""))
      findings.warn(
        `${subject} ${JSON.stringify(pattern)} matches every query: Grafana and npm run verify read nothing`,
      );
  });
}

/** RE2 has flags at the beginning that JavaScript has not. */
function readable(pattern: string): RegExp | undefined {
  if (/\(\?(=|!|<[=!])|\\[1-9]/.test(pattern)) return undefined;
  try {
    return new RegExp(pattern.replace(/^\(\?[imsU]+\)/, "").replaceAll("(?P<", "(?<"));
  } catch {
    return undefined;
  }
}

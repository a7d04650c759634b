import { spanText } from "../../components/loki/durations.ts";
import {
  type EffectiveConfig,
  type Retention,
  retentionOf,
  type StreamRetention,
} from "../../components/loki/effectiveConfig.ts";
import type { RatedFinding } from "./levels.ts";

/** What another retention means: of all lines, and of the lines that a `retention_stream` selects. */
export function retentionMeanings(before: EffectiveConfig, after: EffectiveConfig): RatedFinding[] {
  const [old, now] = [retentionOf(before), retentionOf(after)];
  const all = rated("retention", old.hours, now.hours);
  const selectors = [...new Set([...old.streams, ...now.streams].map(({ selector }) => selector))];
  const some = selectors.flatMap((selector) => {
    const [a, b] = [keptOf(old, selector), keptOf(now, selector)];
    // A selector that only follows the retention of all lines is covered by that.
    return a === old.hours && b === now.hours ? [] : rated(`retention of ${selector}`, a, b);
  });
  return [...all, ...some, ...orderMeaning(old.streams, now.streams)];
}

/** How long lines of a selector are kept, hours. A period that cannot be read may be any. */
const keptOf = ({ hours, streams }: Retention, selector: string): number => {
  const stream = streams.find((one) => one.selector === selector);
  return stream ? (stream.hours ?? 0) : hours;
};

function rated(subject: string, before: number, after: number): RatedFinding[] {
  if (before === after) return [];
  const spans = `${spanText(before)} → ${spanText(after)}`;
  return after < before
    ? [
        {
          level: "destructive",
          subject,
          text: `${spans}: the compactor deletes every older line, about two hours after the deploy`,
          fix: "nothing brings them back; copy the lines that you still need out of the bucket first",
        },
      ]
    : [{ level: "safe", subject, text: `${spans}: the bucket grows; lines already deleted do not come back` }];
}

/** Of two selectors that select the same line, the one with the higher priority decides. */
function orderMeaning(before: readonly StreamRetention[], after: readonly StreamRetention[]): RatedFinding[] {
  const both = (list: readonly StreamRetention[], others: readonly StreamRetention[]): string[] =>
    list
      .filter(({ selector }) => others.some((other) => other.selector === selector))
      .toSorted((a, b) => b.priority - a.priority)
      .map(({ selector }) => selector);
  const [old, now] = [both(before, after), both(after, before)];
  return old.join("\n") === now.join("\n")
    ? []
    : [
        {
          level: "destructive",
          subject: "the order of retention_stream",
          text: `${now.join(", ")}: a line that several of them select may be deleted earlier`,
          fix: "leave the priorities as they are, or make the selectors exclude each other",
        },
      ];
}

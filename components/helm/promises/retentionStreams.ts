import { hoursOf, spanText } from "../../loki/durations.ts";
import { effectiveConfig, retentionOf, TENANT } from "../../loki/effectiveConfig.ts";
import { isMap } from "../mergeValues.ts";
import { shown } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const FIX = "https://grafana.com/docs/loki/latest/operations/storage/retention/";

/** A retention of some lines that Loki cannot carry out. */
export function retentionStreams({ given }: Sides): Breach[] {
  const config = effectiveConfig(given);
  if (!config) return [];
  const breach = (text: string, fix = FIX): Breach => ({ promise: "retention", object: config.object, text, fix });
  const streams = config.limits.retention_stream;
  if (streams !== undefined && streams !== null && !(Array.isArray(streams) && streams.every(isMap)))
    return [breach("limits_config.retention_stream is not a list of { selector, priority, period }")];
  return retentionOf(config).streams.flatMap(({ selector, hours, period }) => {
    const found: Breach[] = [];
    if (!isSelector(selector))
      found.push(
        breach(
          `retention_stream has the selector ${selector}, which Loki cannot read`,
          '{namespace="dev"}: label names, =, !=, =~ or !~, and values in double quotes',
        ),
      );
    if (hours === undefined || hours < 24)
      found.push(
        breach(
          `retention_stream keeps ${selector} for ${shown(period)}: Loki takes 24h or more, because it deletes whole index tables`,
          "write 24h or more",
        ),
      );
    return found;
  });
}

/** What a reader of a report must know of retentions that are not that of `loki.retentionHours`. */
export function retentionNotes({ own, given }: Sides): Breach[] {
  const [before, config] = [effectiveConfig(own), effectiveConfig(given)];
  if (!before || !config) return [];
  const { hours: all, streams: rules } = retentionOf(before);
  // Loki reads 0 as no limit.
  const readable = hoursOf(config.limits.max_query_lookback) || Infinity;
  const note = (text: string, fix: string): Breach => ({ promise: "retention", object: config.object, text, fix });
  const others = isMap(config.runtime.overrides)
    ? Object.keys(config.runtime.overrides).filter((name) => name !== TENANT)
    : [];
  return [
    ...retentionOf(config).streams.flatMap(({ selector, hours }) => {
      if (hours === undefined || hours < 24 || hours === all) return [];
      // A rule of loki.retention is what the stack itself wants.
      if (rules.some((rule) => rule.selector === selector && rule.hours === hours)) return [];
      if (hours > all && hours <= readable) return [];
      return hours < all
        ? [
            note(
              `lines of ${selector} are deleted after ${spanText(hours)} instead of ${spanText(all)}`,
              "intended? The change report calls it destructive",
            ),
          ]
        : [
            note(
              `lines of ${selector} are kept for ${spanText(hours)}, but can be read for ${spanText(readable)} alone`,
              "write the rule in loki.retention: then queries look back as far",
            ),
          ];
    }),
    ...others.map((tenant) =>
      note(`the runtime config's overrides for the tenant ${tenant} have no effect`, `the only tenant is ${TENANT}`),
    ),
  ];
}

/** Whether a text is a stream selector of LogQL: `{namespace="dev", pod=~"a-.*"}`. */
const isSelector = (text: string): boolean =>
  /^\s*\{\s*(\w+\s*(=|!=|=~|!~)\s*("(\\.|[^"\\])*"|`[^`]*`)\s*(,\s*(?!\}))?)+\}\s*$/.test(text);

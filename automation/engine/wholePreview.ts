import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/**
 * The events of a preview that ended well. Its last one is a summary. Without it, no event may have arrived, and a plan of none would show
 * that nothing changes.
 *
 * @throws when the summary is missing.
 */
export function wholePreview(events: readonly EngineEvent[]): readonly EngineEvent[] {
  if (events.some(({ summaryEvent }) => summaryEvent)) return events;
  const what = "the engine ended its preview without a summary, so it is not known what changes";
  throw new Error(`${what}. fix: pulumi version must print the version of docs/deploying.md or a later one`);
}

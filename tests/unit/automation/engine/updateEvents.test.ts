// What an update prints while it runs, from the engine's own events.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { type StepEvent, UpdateSteps } from "../../../../automation/engine/updateEvents.ts";

const diagnostic = (severity: string, message: string, more: object = {}): EngineEvent =>
  ({ sequence: 1, timestamp: 0, diagnosticEvent: { color: "never", message, severity, ...more } }) as EngineEvent;

function reported(...events: EngineEvent[]): { readonly steps: UpdateSteps; readonly shown: StepEvent[] } {
  const shown: StepEvent[] = [];
  const steps = new UpdateSteps("prod-aks-a", (event) => shown.push(event));
  for (const event of events) steps.record(event);
  return { steps, shown };
}

describe("the steps of an update", () => {
  it("leave out the SDK's debug messages, in which it shows every resource with its secrets", () => {
    const { steps, shown } = reported(
      diagnostic("debug", "RegisterResource RPC finished: resource:logging-bucket-user; resp: secret,,,PLANTED"),
    );
    assert.deepEqual(shown, []);
    assert.deepEqual(steps.errors, []);
  });

  it("leave out a severity that no engine of today has: it may be as talkative", () => {
    assert.deepEqual(reported(diagnostic("trace", "PLANTED")).shown, []);
  });

  it("report warnings and errors, and keep the errors", () => {
    const { steps, shown } = reported(diagnostic("warning", " old \n"), diagnostic("error", "refused\n"));
    assert.deepEqual(
      shown.map((event) => event.event === "diagnostic" && `${event.severity}: ${event.message}`),
      ["warning: old", "error: refused"],
    );
    assert.deepEqual(steps.errors, ["refused"]);
  });

  it("leave out what the engine replaces on a terminal, and empty messages", () => {
    assert.deepEqual(
      reported(diagnostic("info", "waiting", { ephemeral: true }), diagnostic("warning", " ")).shown,
      [],
    );
  });
});

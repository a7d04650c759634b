// Rules that keep the canary's own lines back, or change them: it would report every line as lost.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Loose } from "../../../harness/manifest.ts";
import { refusal, stackFile } from "../../../harness/plannedStack.ts";
import { describeMistakes, type Mistake } from "./mistakes.ts";

const mistake = (what: string, key: string, rules: unknown[], path: string, given: unknown): Mistake => ({
  ...{ what, path, given },
  change: (c) => {
    c.alloy[key] = rules;
  },
  allowed: /matches the canary/,
  fix: /loki\.canary: false/,
});
const other = { namespaces: ["team-a"], pattern: "p" };

describeMistakes("rules for the canary's own lines", [
  ...["logging", "logging/loki-*", "logging/*canary*"].map((pattern) =>
    mistake(`excluded by ${pattern}`, "exclude", ["kube-system", pattern], "alloy.exclude", pattern),
  ),
  ...["\\d", "^[0-9]{19} p", "pp"].flatMap((pattern) => [
    mistake(
      `dropped by ${pattern}`,
      "drop",
      [other, { namespaces: ["log*"], pattern, sample: 0.5 }],
      "alloy.drop[1].pattern",
      pattern,
    ),
    mistake(`masked by ${pattern}`, "mask", [other, { pattern }], "alloy.mask[1].pattern", pattern),
  ]),
  mistake(
    "masked in its own namespace",
    "mask",
    [{ pattern: "[0-9]{16,}", namespaces: ["logging"] }],
    "alloy.mask[0].pattern",
    "[0-9]{16,}",
  ),
  ...["level=", "\\d{4}-\\d{2}"].map((firstLine) =>
    mistake(
      `joined after ${firstLine}`,
      "multiline",
      [{ namespaces: ["logg*"], firstLine }],
      "alloy.multiline[0]",
      firstLine,
    ),
  ),
]);

const accepted: Record<string, Loose> = {
  "another namespace": { drop: [other], mask: [other], multiline: [{ namespaces: ["team-a"], firstLine: "level=" }] },
  "lines of Loki": {
    drop: [
      { namespaces: ["logging"], pattern: "caller=metrics" },
      { namespaces: ["logging"], belowLevel: "info" },
    ],
    mask: ["token", "jwt", "card", "email", "ipv4"].map((kind) => ({ kind })),
    multiline: [
      { namespaces: ["logging"], firstLine: "\\d" },
      { namespaces: ["logging"], containers: ["loki"], firstLine: "level=" },
    ],
  },
  "levels, which its lines do not have": { drop: [{ namespaces: ["logging"], belowLevel: "error", pattern: "p" }] },
};
for (const [what, rules] of Object.entries(accepted))
  it(`rules for ${what} are accepted`, async () => {
    const refused = await refusal(stackFile((c) => Object.assign(c.alloy, rules)));
    assert.deepEqual(refused?.problems ?? [], []);
  });

it("without the canary, every rule is accepted", async () => {
  const refused = await refusal(
    stackFile((c) => {
      Object.assign(c.alloy, { exclude: ["logging"], mask: [{ pattern: "p" }] });
      c.loki.canary = false;
    }),
  );
  assert.deepEqual(refused?.problems ?? [], []);
});

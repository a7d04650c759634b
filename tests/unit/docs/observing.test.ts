import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { alertGroups } from "../../../components/monitoring/alerts/pack.ts";
import { thresholdsArgs } from "../../../components/monitoring/thresholds.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";

const page = readFileSync("docs/observing.md", "utf8");

it("docs/observing.md names every alert in its table, and none that does not exist", async () => {
  const { resolved } = await load(
    stackFile((c) => {
      c.monitoring = { kind: "prometheusOperator", thresholds: { bucketGiB: 100 } };
      c.alloy = { ...c.alloy, events: { enabled: true }, journal: { units: ["kernel"] } };
    }),
  );
  assert.ok(resolved.monitoring.kind !== "none");
  const alerts = alertGroups(resolved, resolved.monitoring).flatMap((group) => group.alerts.map(({ name }) => name));
  const named = (text: string) => [...new Set(text.match(/\bLogging[A-Z]\w+/g))].sort();
  const table = page.slice(page.indexOf("## What is measured where"), page.indexOf("## Turn it on"));
  assert.deepEqual(named(table), alerts.sort());
  assert.deepEqual(named(page), alerts);
});

it("its thresholds exist, with the defaults that it names", () => {
  const defaults: Record<string, unknown> = thresholdsArgs.parse({});
  const example = page.slice(page.indexOf("thresholds:"), page.indexOf("[arguments.md]"));
  const lines = [...example.matchAll(/^ +(\w+): \d+ +# \w+: (?:default (\d+)|without it)/gm)];
  assert.equal(lines.length, 3);
  for (const [, name = "", value] of lines) {
    assert.ok(name in thresholdsArgs.shape, name);
    assert.equal(defaults[name], value === undefined ? undefined : Number(value), name);
  }
});

it("what it shows of an outage is what the pipeline tier asserts", () => {
  const table = page.slice(page.indexOf("| what breaks"), page.indexOf("With one writer down"));
  const asserted = ["minioDown", "alerts", "alertsCanary"].flatMap((name) => [
    ...readFileSync(`tests/pipeline/scenarios/${name}.test.ts`, "utf8").matchAll(/assertFired\(([^)]*)\)/g),
  ]);
  const inTier = new Set(asserted.flatMap(([, names = ""]) => names.match(/Logging\w+/g) ?? []));
  assert.deepEqual([...new Set(table.match(/Logging\w+/g))].sort(), [...inTier].sort());
});

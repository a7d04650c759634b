// Schema periods are append-only: an edited one makes the lines of its days unreadable.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lokiPeriods, schemaHistoryProblems } from "../../../../components/loki/schema.ts";
import { resource, stackFile } from "../../../harness/plannedStack.ts";
import { planAndRegistrations } from "../../../harness/registrations.ts";

const TODAY = new Date("2026-11-24T10:00:00Z");
const problems = (deployed: string[], wanted: string[]) =>
  schemaHistoryProblems(
    lokiPeriods(deployed.map((from) => ({ from }))),
    lokiPeriods(wanted.map((from) => ({ from }))),
    TODAY,
  ).map((p) => p.subject);

describe("against what is deployed", () => {
  const CASES: Array<[string, string[], string[], string[]]> = [
    ["nothing deployed yet: a first period may have begun", [], ["2025-01-01"], []],
    ["unchanged", ["2025-01-01"], ["2025-01-01"], []],
    ["one more in the future", ["2025-01-01"], ["2025-01-01", "2026-12-01"], []],
    ["one more from today", ["2025-01-01"], ["2025-01-01", "2026-11-24"], ["loki.schema[1].from"]],
    ["one more in the past", ["2025-01-01"], ["2025-01-01", "2026-01-01"], ["loki.schema[1].from"]],
    ["an edited day", ["2025-01-01"], ["2025-01-02"], ["loki.schema[0]"]],
    ["a removed period", ["2025-01-01", "2026-01-01"], ["2025-01-01"], ["loki.schema[1]"]],
    ["a removed first period", ["2025-01-01", "2026-01-01"], ["2026-01-01"], ["loki.schema[0]", "loki.schema[1]"]],
    ["a period put in before", ["2025-01-01"], ["2024-01-01", "2025-01-01"], ["loki.schema[0]"]],
    ["a future period moved", ["2025-01-01", "2026-12-01"], ["2025-01-01", "2027-01-01"], []],
    ["a future period taken back", ["2025-01-01", "2026-12-01"], ["2025-01-01"], []],
    [
      "a future period moved into the past",
      ["2025-01-01", "2026-12-01"],
      ["2025-01-01", "2026-01-01"],
      ["loki.schema[1].from"],
    ],
  ];
  for (const [what, deployed, wanted, paths] of CASES) {
    it(`${what}: ${paths.length === 0 ? "fine" : "refused"}`, () => {
      assert.deepEqual(problems(deployed, wanted), paths);
    });
  }

  it("an edited prefix, period, store or version of a past period is refused, with the deployed one", () => {
    const [deployed] = lokiPeriods([{ from: "2025-01-01" }]);
    assert.ok(deployed);
    for (const edited of [
      { ...deployed, schema: "v12" },
      { ...deployed, store: "boltdb-shipper" },
      { ...deployed, object_store: "filesystem" },
      { ...deployed, index: { ...deployed.index, prefix: "index_" } },
      { ...deployed, index: { ...deployed.index, period: "168h" } },
    ]) {
      const [problem] = schemaHistoryProblems([deployed], [edited], TODAY);
      assert.equal(problem?.subject, "loki.schema[0]");
      assert.match(problem?.text ?? "", /2025-01-01.*v13.*loki_index_/);
      assert.match(problem?.fix ?? "", /append a new period with a day in the future/);
    }
  });

  it("the order of keys, which the engine does not keep, is not an edit", () => {
    const [period] = lokiPeriods([{ from: "2025-01-01" }]);
    assert.ok(period);
    const { from, store, object_store, schema, index } = period;
    const shuffled = { index: { period: index.period, prefix: index.prefix }, schema, object_store, store, from };
    assert.deepEqual(schemaHistoryProblems([shuffled], [period], TODAY), []);
  });

  it("appending future days is always fine, and leaving out a begun one never", () => {
    const day = fc
      .integer({ min: 0, max: 690 })
      .map((n) => new Date(Date.UTC(2025, 0, 1) + n * 86_400_000).toISOString().slice(0, 10));
    fc.assert(
      fc.property(fc.uniqueArray(day, { minLength: 1, maxLength: 5 }), fc.nat(), (days, which) => {
        const deployed = days.sort();
        assert.deepEqual(problems(deployed, [...deployed, "2027-01-01", "2028-01-01"]), []);
        assert.notDeepEqual(problems(deployed, deployed.toSpliced(which % deployed.length, 1)), []);
      }),
    );
  });
});

it("the release carries the hook that looks at what is deployed", async () => {
  const { plan, sent } = await planAndRegistrations(stackFile());
  assert.ok(resource(plan, "logging-loki"));
  const request = sent.find((r) => r.getName() === "logging-loki") as unknown as {
    getHooks(): { getBeforeUpdateList(): string[] } | undefined;
  };
  assert.deepEqual(request.getHooks()?.getBeforeUpdateList(), [
    "logging-loki-schema-history",
    "logging-loki-gateway-generation",
  ]);
});

// Schema periods are append-only: editing one makes the lines of its days unreadable.
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

describe("compared with the deployed periods,", () => {
  const CASES: Array<[what: string, deployed: string[], wanted: string[], problemPaths: string[]]> = [
    ["a first period that has begun, with nothing deployed,", [], ["2025-01-01"], []],
    ["an unchanged period", ["2025-01-01"], ["2025-01-01"], []],
    ["one more period in the future", ["2025-01-01"], ["2025-01-01", "2026-12-01"], []],
    ["one more period from today", ["2025-01-01"], ["2025-01-01", "2026-11-24"], ["loki.schema[1].from"]],
    ["one more period in the past", ["2025-01-01"], ["2025-01-01", "2026-01-01"], ["loki.schema[1].from"]],
    ["an edited day", ["2025-01-01"], ["2025-01-02"], ["loki.schema[0]"]],
    ["a removed period", ["2025-01-01", "2026-01-01"], ["2025-01-01"], ["loki.schema[1]"]],
    ["a removed first period", ["2025-01-01", "2026-01-01"], ["2026-01-01"], ["loki.schema[0]", "loki.schema[1]"]],
    ["a period inserted before", ["2025-01-01"], ["2024-01-01", "2025-01-01"], ["loki.schema[0]"]],
    ["a moved future period", ["2025-01-01", "2026-12-01"], ["2025-01-01", "2027-01-01"], []],
    ["a removed future period", ["2025-01-01", "2026-12-01"], ["2025-01-01"], []],
    [
      "a future period moved into the past",
      ["2025-01-01", "2026-12-01"],
      ["2025-01-01", "2026-01-01"],
      ["loki.schema[1].from"],
    ],
  ];
  for (const [what, deployed, wanted, paths] of CASES) {
    it(`${what} is ${paths.length === 0 ? "accepted" : "refused"}`, () => {
      assert.deepEqual(problems(deployed, wanted), paths);
    });
  }

  it("an edited prefix, period, store or version of a past period is refused, and the error shows the deployed period", () => {
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

  it("another order of keys is not an edit, because the engine does not keep the order", () => {
    const [period] = lokiPeriods([{ from: "2025-01-01" }]);
    assert.ok(period);
    const { from, store, object_store, schema, index } = period;
    const shuffled = { index: { period: index.period, prefix: index.prefix }, schema, object_store, store, from };
    assert.deepEqual(schemaHistoryProblems([shuffled], [period], TODAY), []);
  });

  it("future periods may always be appended, and a begun one may never be removed", () => {
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

it("the release has its own hooks first, then those of the stack", async () => {
  const { plan, sent } = await planAndRegistrations(stackFile());
  assert.ok(resource(plan, "logging-loki"));
  const request = sent.find((r) => r.getName() === "logging-loki") as unknown as {
    getHooks(): { getBeforeUpdateList(): string[] } | undefined;
  };
  assert.deepEqual(request.getHooks()?.getBeforeUpdateList(), [
    "logging-loki-schema-history",
    "logging-loki-gateway-generation",
    "logging-right-cluster",
    "logging-right-namespace",
    "logging-roll-back-first",
  ]);
});

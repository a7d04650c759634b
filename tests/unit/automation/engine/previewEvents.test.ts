import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { loggingPool } from "../../../../automation/changes/comparedStack.ts";
import { PreviewedSteps } from "../../../../automation/engine/previewEvents.ts";
import { releasesOf } from "../../../../automation/plan/releases.ts";
import { CHANGED_SECRET } from "../../../../automation/plan/secretMarks.ts";
import type { Loose } from "../../../harness/manifest.ts";

describe("the engine's preview", () => {
  const step = (op: string, type: string, name: string, more: Loose = {}): EngineEvent =>
    ({
      resourcePreEvent: {
        metadata: { op, type, urn: `urn:pulumi:a::logging::${type}::${name}`, provider: "", ...more },
      },
    }) as unknown as EngineEvent;
  const state = (inputs: Loose, more: Loose = {}) => ({ inputs, ...more });
  const of = (...events: EngineEvent[]) => new PreviewedSteps(events);

  it("has one change for a replacement, and none for an unchanged resource", () => {
    const seen = of(
      step("same", "t:Same", "same", { old: state({ a: 1 }), new: state({ a: 1 }) }),
      step("create-replacement", "t:User", "user", { old: state({}), new: state({}) }),
      step("replace", "t:User", "user", {
        old: state({ name: "a" }, { protect: true }),
        new: state({ name: "b" }),
        keys: ["name"],
        detailedDiff: null,
      }),
      step("delete-replaced", "t:User", "user", { old: state({}) }),
      step("delete", "t:Gone", "gone", { old: state({ x: 1 }) }),
      step("update", "t:Changed", "changed", {
        old: state({ x: 1, __defaults: [] }),
        new: state({ x: 2, __defaults: ["y"] }),
      }),
    );
    assert.deepEqual(
      seen.changes.map(({ op, name, reason, protect, fields }) => [
        op,
        name,
        reason,
        protect,
        fields.map(({ path }) => path),
      ]),
      [
        ["delete", "gone", "no longer in the program", false, []],
        ["replace", "user", "name cannot be changed in place", true, ["name"]],
        ["update", "changed", undefined, false, ["x"]],
      ],
    );
    assert.deepEqual(
      seen.before.map(({ type }) => type),
      ["t:Same", "t:User", "t:Gone", "t:Changed"],
    );
    assert.deepEqual(
      seen.after.map(({ type }) => type),
      ["t:Same", "t:User", "t:Changed"],
    );
  });

  it("shows a secret that only the engine knows to change, and a value that is not known yet", () => {
    const seen = of(
      step("update", "t:User", "user", {
        old: state({ secret: "[secret]" }),
        new: state({ secret: "[secret]", name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
        detailedDiff: { secret: { diffKind: "update", inputDiff: true } },
      }),
    );
    const [change] = seen.changes;
    assert.deepEqual(change?.fields.find(({ path }) => path === "secret")?.after, CHANGED_SECRET);
    assert.match(String(change?.fields.find(({ path }) => path === "name")?.after), /known after the update/);
  });

  it("reports when something is no longer protected", () => {
    const seen = of(step("update", "t:B", "b", { old: state({}, { protect: true }), new: state({}) }));
    assert.equal(seen.changes[0]?.unprotected, true);
  });

  it("has the releases and the pool", () => {
    const seen = of(
      step("same", "kubernetes:helm.sh/v3:Release", "loki", {
        old: state({ name: "loki" }),
        new: state({ name: "loki" }),
      }),
      step("same", "azure-native:containerservice:AgentPool", "pool", {
        old: state({}),
        new: state({ vmSize: "Standard_D4s_v5", maxPods: 60, maxCount: 5 }),
      }),
    );
    assert.deepEqual(
      releasesOf(seen.after).map(({ name }) => name),
      ["loki"],
    );
    assert.deepEqual(loggingPool(seen.after), {
      vm: { cpu: 4, memoryGiB: 16, dataDisks: 8, localDiskGiB: 0 },
      maxPods: 60,
      nodes: 5,
    });
  });
});

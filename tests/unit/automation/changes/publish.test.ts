import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkFailOn, verdictProblem, writeReport } from "../../../../automation/changes/publish.ts";

describe("--fail-on", () => {
  const stopped = (verdict: "safe" | "restarts" | "disruptive" | "destructive", failOn?: string, accept = false) =>
    verdictProblem({ stack: "a", verdict }, checkFailOn(failOn), accept) !== undefined;

  it("stops at its level and above; a destructive change needs --accept-destructive", () => {
    assert.equal(stopped("destructive"), false);
    assert.deepEqual(
      (["safe", "restarts", "disruptive", "destructive"] as const).map((verdict) => stopped(verdict, "disruptive")),
      [false, false, true, true],
    );
    assert.equal(stopped("disruptive", "destructive"), false);
    assert.equal(stopped("destructive", "destructive", true), false);
    assert.equal(stopped("disruptive", "disruptive", true), true, "--accept-destructive accepts nothing else");
  });

  it("refuses a level that does not exist", () => {
    assert.throws(() => checkFailOn("bad"), /--fail-on bad: allowed are restarts, disruptive, destructive/);
    assert.throws(() => checkFailOn("safe"), /--fail-on safe: allowed are/, "it would stop at every change");
  });
});

it("a report that cannot be written names its option and file", () => {
  const folder = import.meta.dirname;
  assert.throws(
    () => writeReport("--json", folder, () => "x"),
    new RegExp(`^Error: --json ${folder} cannot be written: EISDIR`),
  );
  writeReport("--json", undefined, assert.fail);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type EndEvent, Summary } from "../../harness/summary.ts";

describe("the last lines of a run", () => {
  const end = (name: string, type: string, more: Partial<EndEvent> = {}): EndEvent => ({
    ...{ name, nesting: 0, details: { type } },
    ...more,
  });

  it("count a skipped suite, because node:test does not report its tests", () => {
    const summary = new Summary();
    summary.ended(end("the doctor", "suite", { skip: "kubectl is not on PATH" }));
    summary.ended(end("comes up", "test"));
    summary.ended(end("two stacks", "suite"));
    assert.deepEqual(summary.lines, [
      "skipped 1: kubectl is not on PATH",
      "  the doctor",
      "1 passed, 0 failed, 1 skipped",
    ]);
    assert.equal(summary.ok, true);
  });

  it("count a run without tests as failed", () => {
    const summary = new Summary();
    assert.deepEqual([summary.lines.at(-1), summary.ok], ["0 passed, 1 failed, 0 skipped", false]);
    summary.endedWithError(end("comes up", "test"));
    assert.deepEqual([summary.lines.at(-1), summary.ok], ["0 passed, 1 failed, 0 skipped", false]);
  });

  it("name a failed test with its file and its suites", () => {
    const summary = new Summary();
    summary.started({ name: "two stacks", nesting: 0 });
    summary.started({ name: "comes up", nesting: 1 });
    summary.endedWithError(end("comes up", "test", { nesting: 1, file: `${process.cwd()}/tests/a.test.ts` }));
    summary.endedWithError(end("two stacks", "suite"));
    assert.deepEqual(summary.lines, [
      "failed: tests/a.test.ts > two stacks > comes up",
      "0 passed, 1 failed, 0 skipped",
    ]);
  });

  it("tell why a test failed, in the first lines of what it threw", () => {
    const summary = new Summary();
    const thrown = new Error(`helm template values: killed\n${"more\n".repeat(100)}`);
    const error = new Error("wrapped", { cause: thrown });
    summary.endedWithError({ ...end("any JSON value", "test"), details: { type: "test", error } });
    summary.endedWithError({ ...end("late", "test"), details: { error: new Error("test timed out") } });
    const lines = summary.lines.join("\n");
    assert.match(lines, /^failed: any JSON value\n {2}helm template values: killed\n {2}more\n/);
    assert.match(lines, /\nfailed: late\n {2}test timed out\n0 passed, 2 failed/);
    assert.ok(lines.split("\n").length < 20);
  });

  it("count a known gap as skipped with its reason, and group skips by reason", () => {
    const summary = new Summary();
    summary.endedWithError(end("counts once", "test", { todo: "Loki counts twice" }));
    summary.skip("one", "no cluster");
    summary.skip("two", "no cluster");
    assert.deepEqual(summary.lines, [
      "skipped 1: not reached: Loki counts twice",
      "  counts once",
      "skipped 2: no cluster",
      "  one",
      "  two",
      "0 passed, 0 failed, 3 skipped",
    ]);
    assert.equal(summary.ok, true);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { interruptible } from "../../../../automation/commands/interruptible.ts";

describe("interruptible work", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    it(`ends with ${code} after ${signal}, whether it returns or throws`, async () => {
      const before = process.listeners(signal);
      for (const end of [() => 0, () => assert.fail("gave up")]) {
        const result = await interruptible(async (interruption) => {
          // Only its own: the test runner's would end the tests.
          for (const listener of process.listeners(signal)) if (!before.includes(listener)) listener(signal);
          assert.equal(interruption.reason.message, `interrupted by ${signal}`);
          return end();
        });
        assert.equal(result, code);
        assert.deepEqual(process.listeners(signal), before, "a later signal ends the process");
      }
    });

  it("ends with its own code or error without a signal", async () => {
    assert.equal(await interruptible(async () => 3), 3);
    await assert.rejects(
      interruptible(async () => assert.fail("broken")),
      /broken/,
    );
  });
});

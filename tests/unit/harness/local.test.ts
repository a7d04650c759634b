// `npm run local` before it starts a stack. The scenario local of the pipeline tier runs it to an alert.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import { execute } from "../../harness/command.ts";

const local = (...args: string[]) =>
  execute("tests/pipeline/local.ts", args, {
    // No program but Node, and none that an earlier run has built.
    env: { PATH: dirname(process.execPath), XDG_CACHE_HOME: "/nowhere" },
  });

describe("npm run local", () => {
  it("refuses a part that it cannot break, and an option that it does not know, with what is allowed", async () => {
    const part = await local("--break", "loki");
    assert.deepEqual([part.code, part.stdout], [2, ""]);
    assert.match(part.stderr, /^--break loki: there is no such part\. Allowed: writer, minio, alloy\n\nnpm run local /);
    const option = await local("--brake", "minio");
    assert.deepEqual([option.code, option.stdout], [2, ""]);
    assert.match(option.stderr, /^Unknown option '--brake'\n\nnpm run local /);
  });

  it("prints its usage for --help", async () => {
    const { code, stdout } = await local("--help");
    assert.equal(code, 0);
    assert.match(stdout, /--break PART .*\n\nparts: writer, minio, alloy\n$/);
  });

  it("breaks nothing where no alert can be evaluated, and names what is missing", async () => {
    const { code, stdout, stderr } = await local("--break", "minio");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^--break shows which alerts fire, and no alert can be evaluated here: prometheus is not on PATH: https:/,
    );
  });

  it("names every program that is missing to run the stack at all", async () => {
    const { code, stderr } = await local();
    assert.equal(code, 1);
    for (const program of ["nginx", "memcached", "minio", "loki"])
      assert.match(stderr, new RegExp(`^${program} is n`, "m"), program);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { main } from "../../../../automation/commands/diff.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

describe("npm run diff", () => {
  it("checks its options before it does anything", async () => {
    const refused = async (...args: string[]) => {
      const all = ["prod-aks-a", "--base", "HEAD", ...args];
      const { code, stdout, stderr } = await runInProcess(main, all, { env: { PATH: "/nonexistent" } });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      return stderr;
    };
    assert.match(await refused("--fail-on", "bad"), /^--fail-on bad: allowed are/);
    assert.match(await refused("--json", "/nowhere/a.json"), /^--json .*: there is no folder/);
    assert.match(await refused(), /^git is not on PATH/);
  });

  it("cannot render charts without helm, and reports that in one line", async () => {
    const bin = mkdtempSync(join(tmpdir(), "logging-git-"));
    try {
      writeFileSync(join(bin, "git"), `#!/bin/sh\nPATH='${process.env.PATH}' exec git "$@"\n`, { mode: 0o755 });
      const { code, stderr } = await runInProcess(main, ["prod-aks-a", "--base", "HEAD"], { env: { PATH: bin } });
      assert.equal(code, 1);
      assert.match(stderr, /cannot be rendered:\nhelm template \w+: helm is not on PATH/);
      assert.doesNotMatch(stderr, /\n +at |Error:/);
    } finally {
      rmSync(bin, { recursive: true });
    }
  });
});

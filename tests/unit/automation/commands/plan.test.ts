import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { main } from "../../../../automation/commands/plan.ts";
import { stackNames } from "../../../../automation/plan/stackFiles.ts";
import { execute } from "../../../harness/command.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const headings = stackNames().map((stack) => new RegExp(`^${stack}: \\d+ resources`, "m"));

describe("npm start", () => {
  it("shows both stacks, without colour codes when it is piped", async () => {
    const { code, stdout, stderr } = await execute("automation/commands/plan.ts", [], {
      env: { PATH: "/nonexistent" },
    });
    assert.deepEqual([code, stderr], [0, ""]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour code begins with.
    assert.doesNotMatch(stdout, /\u001b/);
    for (const words of [
      ...headings,
      /logging-bucket .*\(.*protected.*\)/,
      /retention: 336h/,
      /workload +pods +CPU each/,
      /bucket: loki-prod-aks-b/,
    ])
      assert.match(stdout, words);
    assert.doesNotMatch(stdout, /offlinePassword|offlinePlaceholder/);
  });

  it("shows all values of one stack on request", async () => {
    const { code, stdout } = await runInProcess(main, ["prod-aks-b", "--values"]);
    assert.equal(code, 0);
    assert.match(stdout, /^ +limits_config:$/m);
    assert.doesNotMatch(stdout, /^prod-aks-a: /m);
  });

  it("shows the other stacks when some are refused, and then all problems", async () => {
    const project = mkdtempSync(join(tmpdir(), "logging-test-"));
    try {
      for (const path of ["certs", ...stackNames().map((stack) => `Pulumi.${stack}.yaml`)])
        cpSync(path, join(project, path), { recursive: true });
      const good = readFileSync("Pulumi.prod-aks-a.yaml", "utf8");
      const bad = good.replaceAll("prod-aks-a", "bad-one").replace("retentionHours: 336", "retentionHours: 25");
      writeFileSync(join(project, "Pulumi.bad-one.yaml"), bad);
      writeFileSync(join(project, "Pulumi.bad-two.yaml"), "config: [\n");
      const { code, stdout, stderr } = await runInProcess(main, [], { cwd: project });
      assert.equal(code, 1);
      for (const heading of headings) assert.match(stdout, heading);
      assert.match(stderr, /^Arguments of bad-one: 1 problem/);
      assert.match(stderr, /loki\.retentionHours/);
      assert.match(stderr, /^Pulumi\.bad-two\.yaml: 1 problem.*\n {2}line 2, column 1\n +allowed: valid YAML: /m);
      assert.doesNotMatch(stderr, /\n +at /);
    } finally {
      rmSync(project, { recursive: true });
    }
  });
});

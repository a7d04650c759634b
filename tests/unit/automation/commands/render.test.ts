import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { main } from "../../../../automation/commands/render.ts";
import { DASHBOARD_NAMES, dashboardFile } from "../../../../components/grafana/dashboards/names.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));

/** Without helm: the charts tier renders charts. */
const render = (...args: string[]) => runInProcess(main, args, { env: { PATH: "/nonexistent" } });

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("npm run render", () => {
  it("writes what a stack would send", async () => {
    const out = join(folder, "out");
    const { code, stdout, stderr } = await render("prod-aks-a", "--out", out);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /no manifests: helm is not on PATH/);
    for (const name of ["resources.json", "loki.values.yaml", "alloy.values.yaml", "config.alloy", "minio-policy.json"])
      assert.ok(existsSync(join(out, name)), name);
    for (const name of DASHBOARD_NAMES) {
      const { uid, panels } = JSON.parse(readFileSync(join(out, "dashboards", dashboardFile(name)), "utf8"));
      assert.match(uid, /^log-platform-/);
      assert.ok(panels.length > 0, name);
    }
    const resources = JSON.parse(readFileSync(join(out, "resources.json"), "utf8"));
    for (const r of resources) {
      assert.equal(typeof r.type, "string");
      assert.equal(typeof r.name, "string");
      assert.equal(typeof r.protect, "boolean");
      assert.ok(Array.isArray(r.dependsOn));
      assert.equal(typeof r.inputs, "object");
    }
  });

  it("lists every problem of a bad config, and writes nothing", async () => {
    const text = readFileSync("Pulumi.prod-aks-a.yaml", "utf8");
    const bad = file(
      "bad.yaml",
      text.replace("retentionHours: 336", "retentionHours: 25").replace("Standard_D4s_v5", "Standard_D4s_v55"),
    );
    const out = join(folder, "bad-out");
    const { code, stdout, stderr } = await render("prod-aks-a", "--config-file", bad, "--out", out);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /2 problems, nothing has been created/);
    assert.match(stderr, /loki\.retentionHours\n +given: +25\n +allowed: .*\n +fix: +write 24/);
    assert.match(stderr, /nodePool\.vmSize\n +given: +"Standard_D4s_v55"/);
    assert.doesNotMatch(stderr, /\n {4}at /, "no stack trace");
    assert.ok(!existsSync(out));
  });

  it("reports where a stack file is not valid YAML, and nothing of its content", async () => {
    for (const text of ["config:\n  logging:a: [PLANTED\n", "config:\n  a: PLANTED\n a: {\n", "a: 1\na: PLANTED\n"]) {
      const bad = file("malformed.yaml", text);
      const { code, stderr } = await render("prod-aks-a", "--config-file", bad, "--out", join(folder, "malformed"));
      assert.equal(code, 1);
      assert.match(
        stderr,
        /malformed\.yaml: 1 problem.*\n {2}line \d+, column \d+\n +allowed: valid YAML: .*\n +fix: /,
      );
      assert.doesNotMatch(stderr, /PLANTED|\n +at |Error:/);
    }
  });

  it("without a stack prints its usage, with an unknown one the stacks that exist", async () => {
    const none = await render();
    assert.equal(none.code, 1);
    assert.match(none.stderr, /\nusage: npm run render -- <stack>/);
    const unknown = await render("prod-aks-z", "--out", join(folder, "z"));
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.stderr,
      /Pulumi\.prod-aks-z\.yaml: no such file. Stacks of this project: prod-aks-a, prod-aks-b/,
    );
    assert.ok(!readdirSync(folder).includes("z"));
  });
});

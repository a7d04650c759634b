// The change report on a deployed stack, and its verdict before an update.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ChangeReport } from "../../../automation/changes/changeReport.ts";
import { timed } from "../../harness/figures.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { deploy, runCommand } from "../projectCommand.ts";

const NAME = "prod-aks-b";

describe("the change report on the real engine", () => {
  const preview = async (...args: string[]) => {
    const { engine } = await deployedStacks();
    const file = join(engine.project, "report.json");
    const ended = await timed("  npm run preview", () =>
      runCommand(engine, "preview", [NAME, "--json", file, ...args]),
    );
    return { ...ended, report: () => JSON.parse(readFileSync(file, "utf8")) as ChangeReport };
  };

  it("reports that nothing changes", async () => {
    const { code, stdout, stderr } = await preview();
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^${NAME}: no changes$`, "m"));
  });

  it("is not made, and nothing is deployed, when an escape hatch breaks a promise", async () => {
    const { engine } = await deployedStacks();
    const restore = engine.changeConfig(NAME, (config) => {
      config["logging:loki"].values = { loki: { querier: { query_store_only: true } } };
    });
    try {
      const subject = "loki.values.loki.querier.query_store_only";
      const { code, stderr } = await preview();
      assert.equal(code, 1);
      assert.match(stderr, /^Promises of prod-aks-b: 1 problem, nothing has been created\./);
      assert.ok(stderr.includes(`\n  ${subject}\n`), stderr);
      const refused = await deploy(engine, ["up", "--stack", NAME]);
      assert.deepEqual([refused.code, refused.outcome, refused.steps], [2, "refused", []]);
      assert.deepEqual(
        refused.findings.map((finding) => finding.subject),
        [subject],
      );
      const examined = await runCommand(engine, "doctor", [NAME, "--json"]);
      assert.match(examined.stdout, new RegExp(`"subject": "${subject}"`));
    } finally {
      restore();
    }
  });

  it("looks into the release: a shorter retention is destructive, although no pod restarts", async () => {
    const { engine } = await deployedStacks();
    const restore = engine.changeConfig(NAME, (config) => {
      config["logging:loki"].retentionHours = 168;
    });
    try {
      const { code, stderr, report } = await preview("--fail-on", "destructive");
      assert.equal(code, 3, stderr);
      const { verdict, resources, releases, meanings } = report();
      assert.equal(verdict, "destructive");
      assert.deepEqual(
        resources.map(({ op, name }) => `${op} ${name}`),
        ["update logging-loki"],
      );
      assert.deepEqual(
        releases.flatMap(({ objects }) => objects.map(({ op, kind, name }) => `${op} ${kind} ${name}`)),
        ["changed ConfigMap loki-runtime"],
      );
      assert.deepEqual(
        meanings.map(({ level, subject }) => `${level} ${subject}`),
        ["destructive retention", "safe Loki's limits"],
      );

      const stopped = await deploy(engine, ["up", "--stack", NAME]);
      assert.deepEqual([stopped.code, stopped.outcome, stopped.steps], [3, "stopped", []]);
      assert.match(stopped.findings[0]?.text ?? "", /--accept-destructive/);
    } finally {
      restore();
    }
  });

  it("of rotated keys names the order, and shows neither old nor new", async () => {
    const { engine } = await deployedStacks();
    const generation = (config: { [key: string]: { credentialsGeneration?: number } }) =>
      (config["logging:objectStorage"]?.credentialsGeneration ?? 1) + 1;
    const restore = engine.changeConfig(NAME, (config) => {
      config["logging:objectStorage"].credentialsGeneration = generation(config);
    });
    try {
      const { report, stdout } = await preview();
      const { verdict, resources, meanings } = report();
      assert.equal(verdict, "restarts");
      assert.deepEqual(
        resources.map(({ op, name }) => `${op} ${name}`),
        [
          "replace logging-bucket-secret-key",
          "replace logging-bucket-user",
          "replace logging-bucket-user-policy",
          "replace logging-minio-credentials",
          "update logging-loki",
        ],
      );
      assert.equal(meanings[0]?.subject, "MinIO's keys");
      assert.doesNotMatch(stdout, /[A-Za-z0-9]{40}/);
    } finally {
      restore();
    }
  });

  it("updates if a change only restarts pods, and reports how long each step took", async () => {
    const { engine } = await deployedStacks();
    const restore = engine.changeConfig(NAME, (config) => {
      config["logging:loki"].limits = { ...config["logging:loki"].limits, ingestionRateMb: 60, ingestionBurstMb: 120 };
    });
    const changed = await deploy(engine, ["up", "--stack", NAME]);
    assert.deepEqual([changed.code, changed.outcome], [0, "succeeded"], JSON.stringify(changed.findings));
    assert.deepEqual(
      changed.steps.map(({ op, name }) => `${op} ${name}`),
      ["update logging-loki"],
    );
    assert.ok((changed.steps[0]?.seconds ?? 0) > 0);
    restore();
    const back = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(back.outcome, "succeeded", JSON.stringify(back.findings));
  });
});

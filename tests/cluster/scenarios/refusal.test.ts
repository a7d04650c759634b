import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { figure } from "../../harness/figures.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { OperationLog } from "../engineEvents.ts";

describe("what the program refuses", () => {
  it("an edited schema period, at preview, and not an appended one", async () => {
    const { deployments, engine } = await deployedStacks();
    const { name, stack } = deployments["prod-aks-b"];
    const withSchema = (...days: string[]) =>
      engine.changeConfig(name, (config) => {
        config["logging:loki"].schema = days.map((from) => ({ from }));
      });

    let restore = withSchema("2025-02-01");
    const edited = await engine.run(["preview", "--stack", name]);
    restore();
    assert.notEqual(edited.exitCode, 0);
    assert.match(edited.output, /Loki's schema: \d problems?, nothing has been (created|changed)/);
    assert.match(edited.output, /loki\.schema\[0\]/);
    assert.match(edited.output, /the deployed period, unchanged: .*2025-01-01/);
    assert.doesNotMatch(edited.output, STACK_TRACE);

    restore = withSchema("2025-01-01", day(7));
    const log = new OperationLog();
    await stack.preview({ onEvent: log.record, color: "never" });
    restore();
    assert.deepEqual(log.changes, ["update logging-loki"]);

    restore = withSchema("2025-01-01", "2025-06-01");
    const past = await engine.run(["preview", "--stack", name]);
    restore();
    assert.notEqual(past.exitCode, 0);
    assert.match(past.output, /a day after today/);
  });

  it("a step of two generations of the gateway's password, at preview: Alloy would be refused, and drop lines", async () => {
    const { deployments, engine } = await deployedStacks();
    const { name } = deployments["prod-aks-b"];
    const restore = engine.changeConfig(name, (config) => {
      config["logging:loki"].gateway = { credentialsGeneration: 3 };
    });
    const { exitCode, output } = await engine.run(["preview", "--stack", name]);
    restore();
    assert.notEqual(exitCode, 0);
    assert.match(output, /loki\.gateway\.credentialsGeneration/);
    assert.match(output, /write 2, run pulumi up, and raise it again after that/);
    assert.doesNotMatch(output, STACK_TRACE);
  });

  it("by the policy pack: nothing of ours, and a bucket, a policy and a provider written by hand", async () => {
    const { deployments, engine } = await deployedStacks();
    const ours = await engine.run([
      ...["preview", "--stack", deployments["prod-aks-b"].name],
      ...["--policy-pack", "policies"],
    ]);
    assert.equal(ours.exitCode, 0, ours.output);
    assert.match(ours.output, /logging@v[\d.]+ \(local: .*policies\)/);
    assert.doesNotMatch(ours.output, /\[(mandatory|advisory)\]/);

    const folder = join(engine.project, "../by-hand");
    mkdirSync(folder);
    symlinkSync(join(engine.project, "node_modules"), join(folder, "node_modules"));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: by-hand\nruntime: { name: nodejs, options: { typescript: false } }\n",
    );
    writeFileSync(join(folder, "package.json"), '{ "type": "module", "main": "index.js" }');
    writeFileSync(
      join(folder, "index.js"),
      `import * as minio from "@pulumi/minio";
const provider = new minio.Provider("minio", { minioServer: "minio.example:9000" });
new minio.S3Bucket("bucket", { bucket: "loki-by-hand" }, { provider });
const Statement = [{ Effect: "Allow", Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] }];
new minio.IamPolicy("policy", { policy: JSON.stringify({ Version: "2012-10-17", Statement }) }, { provider });
`,
    );
    await engine.run(["stack", "init", "by-hand", "--cwd", folder, "--secrets-provider", "passphrase"]);
    const pack = ["--policy-pack", join(engine.project, "policies")];
    const byHand = ["preview", "--stack", "by-hand", "--cwd", folder, ...pack];
    const mandatory = await engine.run(byHand);
    assert.notEqual(mandatory.exitCode, 0);
    for (const found of [/protect: true/, /s3:\* is more than Loki needs/, /reaches other buckets/, /minioSsl: true/])
      assert.match(mandatory.output, found);
    const advisory = await engine.run([
      ...byHand,
      ...["--policy-pack-config", join(engine.project, "policies/advisory.json")],
    ]);
    assert.equal(advisory.exitCode, 0, advisory.output);
    assert.match(advisory.output, /\[advisory\] +log-buckets-are-protected/);
  });

  it("a bad config: the list of all problems, and nothing is created", async () => {
    const { engine } = await deployedStacks();
    const name = "prod-aks-c";
    await engine.createStack(name, "prod-aks-a");
    engine.changeConfig(name, (config) => {
      // This file stays, and the other stacks are refused if it names the cluster of one of them.
      config["logging:cluster"].resourceId = config["logging:cluster"].resourceId.replaceAll("prod-aks-a", name);
      config["logging:loki"].retentionHours = 25;
      config["logging:loki"].wrte = { replicas: 3 };
      config["logging:objectStorage"].bucket = "Loki_Logs";
    });
    const asked = engine.azureCalls().length;
    for (const command of [["preview"], ["up", "--yes"]]) {
      const { exitCode, output } = await engine.run([...command, "--stack", name]);
      assert.notEqual(exitCode, 0);
      assert.match(output, /Arguments of prod-aks-c: \d+ problems, nothing has been created\./);
      for (const line of [
        /^ +cluster\.name$/m,
        /^ +loki\.retentionHours$/m,
        /^ +loki\.wrte$/m,
        /did you mean write\?/,
        /^ +objectStorage\.bucket$/m,
      ])
        assert.match(output, line);
      assert.doesNotMatch(output, STACK_TRACE);
    }
    const { output } = await engine.run(["stack", "export", "--stack", name]);
    const { resources = [] } = JSON.parse(output).deployment as { resources?: Array<{ type: string }> };
    assert.deepEqual(
      resources.filter(({ type }) => type !== "pulumi:pulumi:Stack"),
      [],
    );
    assert.equal(engine.azureCalls().length, asked);
  });

  it("a bucket that another stack uses, at preview", async () => {
    const { deployments, engine } = await deployedStacks();
    const restore = engine.changeConfig(deployments["prod-aks-b"].name, (config) => {
      config["logging:objectStorage"].bucket = deployments["prod-aks-a"].bucket;
    });
    const { exitCode, output } = await engine.run(["preview", "--stack", deployments["prod-aks-b"].name]);
    restore();
    assert.notEqual(exitCode, 0);
    assert.match(output, /^ +objectStorage\.bucket$/m);
    assert.match(output, /a bucket that no other stack uses; prod-aks-a would delete and read this stack's lines/);
    assert.doesNotMatch(output, STACK_TRACE);
  });

  it("another cluster, at pulumi up: nothing is changed there", async () => {
    const { deployments, engine, folder } = await deployedStacks();
    const { name, stack } = deployments["prod-aks-b"];
    const other = deployments["prod-aks-a"].cluster.api;
    const revisions = "/api/v1/namespaces/logging/secrets?fieldSelector=type=helm.sh/release.v1";
    const before = await other.list(revisions);
    const restore = engine.changeConfig(name, (config) => {
      config["logging:loki"].retentionHours = 24 * 20;
      config["logging:nodePool"].tags = { team: "logs" };
    });
    const updates = () => engine.azureCalls().filter(({ method, preview }) => method === "update" && !preview).length;
    const asked = updates();
    const { exitCode, output } = await engine.run(["up", "--yes", "--stack", name], {
      AZURE_STANDIN_KUBECONFIG: join(folder, "prod-aks-a.kubeconfig"),
    });
    restore();
    assert.notEqual(exitCode, 0);
    assert.match(
      output,
      /"logging-right-cluster" failed: the cluster: node \S+ is in mc_rg-prod-aks-a_prod-aks-a_westeurope/,
    );
    assert.match(output, /it is not a node of \S+prod-aks-b\n +→ log in to the cluster of cluster\.resourceId/);
    assert.doesNotMatch(output, STACK_TRACE);
    assert.deepEqual(await other.list(revisions), before);
    assert.equal(updates(), asked, "the pool was changed");
    const log = new OperationLog();
    await stack.up({ onEvent: log.record, color: "never" });
    assert.deepEqual(
      log.changes.filter((change) => !/ kubernetes$/.test(change)),
      [],
      "something was changed",
    );
  });

  it("a Node that cannot load TypeScript", async (t) => {
    const { engine } = await deployedStacks();
    const old = oldNode();
    if (!old) return t.skip("no Node below 22.18 is on PATH");
    const { exitCode, output } = await engine.run(["preview", "--stack", "prod-aks-a"], {
      PATH: [old.folder, engine.environment.PATH].join(delimiter),
    });
    assert.notEqual(exitCode, 0);
    assert.match(output, /it needs Node >=22\.18, and this is /);
    assert.match(output, /npm exec -c .pulumi preview./);
    figure("refused Node", old.version);
  });
});

/** Lines of a stack trace. */
const STACK_TRACE = /^\s+at .+[:(].*\d+\)?$/m;

const day = (ahead: number): string => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

/** The first Node on PATH that is too old. */
function oldNode(): { folder: string; version: string } | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const node = join(folder, "node");
    if (!existsSync(node)) continue;
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
    if (major < 22 || (major === 22 && minor < 18)) return { folder, version };
  }
  return undefined;
}

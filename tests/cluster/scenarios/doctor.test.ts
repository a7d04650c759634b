// Kills deploys, and repairs the stack with only the commands that the deploy and the doctor name.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure } from "../../harness/figures.ts";
import { listObjects } from "../../harness/minio.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { examine, findingsOf, resultOf } from "../examination.ts";
import {
  type DeployEvent,
  deploy,
  interruptDeploy,
  killDeploy,
  kubectlMissing,
  runCommand,
  runFix,
} from "../projectCommand.ts";

const NAME = "prod-aks-b";

/** What a killed deploy leaves behind. Images cannot be pulled here, and pods wait for the next deploy. */
const LEFT_BEHIND = ["Helm releases", "Secrets", "pending operations", "unknown to the state"];

/** Runs the doctor and the commands that it names, until it names none. @returns the commands. */
async function repair(): Promise<string[]> {
  const { engine, deployments } = await deployedStacks();
  const run: string[] = [];
  for (let round = 0; round < 4; round++) {
    const examined = await examine(NAME);
    const fixes = [...new Set(LEFT_BEHIND.flatMap((name) => findingsOf(examined, name).map(({ fix }) => fix)))];
    if (fixes.length === 0) return run;
    for (const fix of fixes) {
      const { code, stdout, stderr } = await runFix(engine, fix, {
        KUBECONFIG: deployments[NAME].cluster.adminKubeconfig,
      });
      assert.equal(code, 0, `${fix}\n${stdout}${stderr}`);
      run.push(fix);
    }
  }
  throw new Error(`still not fixed after: ${run.join("; ")}`);
}

/** Deploys after a kill: the engine refuses because of the lock. Runs the command that the explanation names. @returns it. */
async function unlock(): Promise<string> {
  const { engine } = await deployedStacks();
  for (let round = 0; round < 2; round++) {
    const { stdout, stderr } = await runCommand(engine, "deploy", ["up", "--stack", NAME, "--json"]);
    const [command = ""] =
      /pulumi cancel --stack STACK --yes|cp STACK\.json\.bak [^"\n]*attrs/.exec(stdout + stderr) ?? [];
    assert.notEqual(command, "", `no command to go on: ${stdout}${stderr}`);
    // A truncated state is reported before the lock.
    const folder = `${engine.environment.PULUMI_BACKEND_URL?.replace("file://", "")}/.pulumi/stacks/logging`;
    const fix = command.startsWith("cp") ? `cd ${folder} && ${command}` : command;
    const ended = await runFix(engine, fix.replaceAll("STACK", NAME), {});
    assert.equal(ended.code, 0, `${fix}\n${ended.stdout}${ended.stderr}`);
    if (command.startsWith("pulumi cancel")) return command;
  }
  throw new Error("the state was restored, and the lock was not named");
}

const started = (name: string) => (event: DeployEvent) =>
  event.event === "started" && event.name === name && !event.op.startsWith("delete");

describe("the doctor", { skip: kubectlMissing }, () => {
  it("finds a deployed stack healthy, and changes nothing", async () => {
    const { deployments } = await deployedStacks();
    const { stack, cluster } = deployments[NAME];
    const versions = async () =>
      (await cluster.api.list("/api/v1/namespaces/logging/secrets")).map(({ metadata }) => JSON.stringify(metadata));
    const [state, secrets] = [JSON.stringify((await stack.exportStack()).deployment), await versions()];
    const examined = await examine(NAME);
    const bad = examined.filter(({ name, result }) => result.state === "bad" && name !== "images");
    assert.deepEqual(bad, []);
    for (const name of [
      "pending operations",
      "AKS cluster",
      "quota",
      "MinIO answers",
      "MinIO's admin",
      "the right cluster",
      "rights in the cluster",
      "storage class",
      "Helm releases",
      "Secrets",
      "pods",
      "chart loki",
    ])
      assert.equal(resultOf(examined, name).state, "ok", name);
    assert.equal(JSON.stringify((await stack.exportStack()).deployment), state);
    assert.deepEqual(await versions(), secrets);
  });

  it("reports what is wrong with keys, quota and cluster", async () => {
    const { folder } = await deployedStacks();
    const examined = await examine(NAME, {
      MINIO_PASSWORD: "not-the-password",
      AZURE_STANDIN_QUOTA: "4",
      AZURE_STANDIN_KUBECONFIG: `${folder}/prod-aks-a.kubeconfig`,
    });
    assert.match(findingsOf(examined, "MinIO's admin")[0]?.text ?? "", /its secret is wrong/);
    assert.match(findingsOf(examined, "quota")[0]?.text ?? "", /4 vCPUs left, and the pool needs/);
    assert.match(findingsOf(examined, "the right cluster")[0]?.text ?? "", /is not a node of/);
  });

  it("finds a Secret that someone deleted, and its command brings it back", async () => {
    const { deployments } = await deployedStacks();
    const { cluster } = deployments[NAME];
    const path = "/api/v1/namespaces/logging/secrets";
    const login = (await cluster.api.list(path)).find(({ metadata }) =>
      metadata.name.startsWith("logging-gateway-login-"),
    );
    await cluster.api.call("DELETE", `${path}/${login?.metadata.name}`);
    const fixes = await repair();
    assert.equal(fixes.length, 1);
    assert.ok(
      (await cluster.api.list(path)).some(({ metadata }) => metadata.name.startsWith("logging-gateway-login-")),
    );
  });

  it("has nothing to fix after a deploy that was interrupted", async () => {
    const { engine } = await deployedStacks();
    const restore = engine.changeConfig(NAME, (config) => {
      config["logging:loki"].limits = { ...config["logging:loki"].limits, ingestionRateMb: 77, ingestionBurstMb: 154 };
    });
    try {
      const ended = await interruptDeploy(engine, ["up", "--stack", NAME], started("logging-loki"), 1500);
      assert.deepEqual([ended?.code, ended?.outcome], [5, "cancelled"], JSON.stringify(ended));
      assert.deepEqual(await repair(), []);
      const repaired = await deploy(engine, ["up", "--stack", NAME]);
      assert.equal(repaired.outcome, "succeeded", JSON.stringify([repaired.findings, repaired.errors]));
    } finally {
      restore();
      await deploy(engine, ["up", "--stack", NAME]);
    }
  });

  it("finds an object that is missing in the state, and its command imports it", async () => {
    const { engine, deployments } = await deployedStacks();
    const { stack } = deployments[NAME];
    // As if the engine had been killed before it recorded the object.
    const exported = await stack.exportStack();
    type Known = { urn: string; dependencies?: string[] };
    const deployment = exported.deployment as { resources: Known[] };
    const isForgotten = (urn: string) => urn.endsWith("::logging-allow-dns");
    const resources = deployment.resources
      .filter(({ urn }) => !isForgotten(urn))
      .map((one) => ({
        ...one,
        ...(one.dependencies && { dependencies: one.dependencies.filter((urn) => !isForgotten(urn)) }),
      }));
    await stack.importStack({ ...exported, deployment: { ...deployment, resources } });
    const broken = await deploy(engine, ["up", "--stack", NAME]);
    assert.match(JSON.stringify(broken.errors), /already exists/);
    const fixes = await repair();
    assert.deepEqual([fixes.length, fixes[0]?.split(" ").slice(0, 2)], [1, ["pulumi", "import"]]);
    const repaired = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(repaired.outcome, "succeeded", JSON.stringify([repaired.findings, repaired.errors]));
    assert.ok(!repaired.steps.some(({ op }) => /create|delete/.test(op)), JSON.stringify(repaired.steps));
  });

  for (const [name, afterMs] of [
    ["logging-loki", 300],
    ["logging-loki", 3000],
    ["logging-alloy", 500],
  ] as const)
    it(`leads back from an update killed ${afterMs} ms into ${name}`, async () => {
      const { engine } = await deployedStacks();
      const restore = engine.changeConfig(NAME, (config) => {
        const own = (text: string) => ({ ...config[`logging:${name.replace("logging-", "")}`], ...JSON.parse(text) });
        if (name === "logging-alloy") config["logging:alloy"] = own(`{"exclude": ["killed-${afterMs}"]}`);
        else
          config["logging:loki"] = own(
            `{"limits": {"ingestionRateMb": ${60 + afterMs / 100}, "ingestionBurstMb": 200}}`,
          );
      });
      try {
        const killed = await killDeploy(engine, ["up", "--stack", NAME], started(name), afterMs);
        assert.ok(killed, "the deploy had not ended");
        const fixes = [await unlock(), ...(await repair())];
        figure(`  commands after a kill in the update of ${name}`, fixes.length);
        const repaired = await deploy(engine, ["up", "--stack", NAME]);
        assert.equal(repaired.outcome, "succeeded", JSON.stringify([repaired.findings, repaired.errors]));
      } finally {
        restore();
        await deploy(engine, ["up", "--stack", NAME]);
      }
    });

  it("leads back from a first deploy killed at several points, and nothing is lost", { timeout: 900_000 }, async () => {
    const { engine, deployments, minio } = await deployedStacks();
    const { bucket, cluster } = deployments[NAME];
    const admin = minio.client(minio.admin);
    await admin.putObject(bucket, "fake/1/killed", "a line");
    const away = await deploy(engine, ["destroy", "--stack", NAME, "--keep-bucket"]);
    assert.equal(away.outcome, "succeeded", JSON.stringify([away.findings, away.errors]));
    assert.equal(await cluster.api.get("/api/v1/namespaces/logging"), undefined);

    for (const [name, afterMs] of [
      ["logging-node-pool", 100],
      ["logging-namespace", 50],
      ["logging-minio-credentials", 50],
      ["logging-loki", 2500],
      ["logging-alloy", 1000],
    ] as const) {
      const killed = await killDeploy(engine, ["up", "--stack", NAME], started(name), afterMs);
      // Objects that exist stay, and are not created again.
      if (!killed) continue;
      const fixes = [await unlock(), ...(await repair())];
      figure(`  commands after a kill in the creation of ${name}`, fixes.length);
    }
    const repaired = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(repaired.outcome, "succeeded", JSON.stringify([repaired.findings, repaired.errors]));
    const again = await deploy(engine, ["up", "--stack", NAME]);
    assert.deepEqual([again.outcome, again.steps], ["succeeded", []]);
    assert.ok((await listObjects(admin, bucket)).includes("fake/1/killed"));
    const examined = await examine(NAME);
    for (const check of LEFT_BEHIND)
      assert.equal(resultOf(examined, check).state, "ok", `${check}: ${JSON.stringify(findingsOf(examined, check))}`);
  });
});

// Reading what is there into the state, where it cannot be seen: the state must not forget it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { answer, listObjects } from "../../harness/minio.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { examine, findingsOf } from "../examination.ts";
import { deploy, runFix } from "../projectCommand.ts";

const NAME = "prod-aks-b";
const WRONG_KEY = { MINIO_PASSWORD: "not-the-password" };

describe("a refresh", () => {
  it("is refused on another cluster, and with a key that MinIO refuses: the state stays as it is", async () => {
    const { engine, folder, deployments } = await deployedStacks();
    const { stack } = deployments[NAME];
    const before = await stateOf(stack);
    const other = { AZURE_STANDIN_KUBECONFIG: join(folder, "prod-aks-a.kubeconfig") };
    const elsewhere = await deploy(engine, ["refresh", "--stack", NAME], other);
    assert.deepEqual([elsewhere.code, elsewhere.outcome, elsewhere.steps], [2, "refused", []]);
    assert.match(elsewhere.findings[0]?.text ?? "", /it is not a node of/);
    const refused = await deploy(engine, ["refresh", "--stack", NAME], WRONG_KEY);
    assert.deepEqual([refused.code, refused.outcome, refused.steps], [2, "refused", []]);
    assert.deepEqual(
      refused.findings.map(({ subject, text }) => `${subject} ${text.replace(/at \S+,/, "at MinIO,")}`),
      [
        "logging-bucket cannot be seen at MinIO, where the last deploy looked; a refresh would drop it and its protection from the state",
        "MinIO's admin key is known, but its secret is wrong",
      ],
    );
    assert.equal(await stateOf(stack), before);
  });

  it("of Pulumi's own forgets the bucket, and the doctor's command takes it in again, protection too", async () => {
    const { engine, deployments, minio } = await deployedStacks();
    const { stack, bucket } = deployments[NAME];
    const kept = await listObjects(minio.client(minio.admin), bucket);
    // Why `npm run deploy` asks first. Should this fail one day, the provider has learned it, and the question can go.
    const bare = await engine.run(["refresh", "--yes", "--skip-preview", "--stack", NAME], WRONG_KEY);
    assert.notEqual(bare.exitCode, 0, bare.output);
    assert.doesNotMatch(await stateOf(stack), /::logging-bucket"/, "the bucket is still in the state");
    const broken = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(broken.outcome, "failed");
    const [said] = broken.findings;
    assert.equal(`${said?.subject} ${said?.text}`, `bucket ${bucket} exists, but the state does not have it`);

    const found = findingsOf(await examine(NAME), "unknown to the state");
    const fixes = found.map(({ fix }) => fix);
    assert.equal(fixes.length, 1, JSON.stringify(found));
    const { code, stdout: out, stderr } = await runFix(engine, fixes[0] ?? "", {});
    assert.equal(code, 0, `${fixes[0]}\n${out}${stderr}`);
    assert.match(await stateOf(stack), /::logging-bucket"/);
    const mended = await deploy(engine, ["up", "--stack", NAME]);
    assert.deepEqual([mended.outcome, mended.steps], ["succeeded", []], JSON.stringify(mended.findings));
    const destroy = await deploy(engine, ["destroy", "--stack", NAME]);
    assert.equal(destroy.outcome, "refused", "the bucket is not protected any more");
    assert.equal(await answer(listObjects(minio.client(minio.admin), bucket)), "ok");
    assert.deepEqual(await listObjects(minio.client(minio.admin), bucket), kept);
  });

  it("with everything in sight changes nothing", async () => {
    const { engine } = await deployedStacks();
    const { code, outcome, findings } = await deploy(engine, ["refresh", "--stack", NAME]);
    assert.deepEqual([code, outcome, findings], [0, "succeeded", []]);
    assert.deepEqual((await deploy(engine, ["up", "--stack", NAME])).steps, []);
  });
});

const stateOf = async (stack: Stack): Promise<string> => JSON.stringify((await stack.exportStack()).deployment);

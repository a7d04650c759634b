import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure, timed } from "../../harness/figures.ts";
import { CredentialWatch, type Look } from "../credentialWatch.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { OperationLog } from "../engineEvents.ts";
import { dataOf, listSecrets } from "../secretSearch.ts";

describe("rotation", () => {
  it("of MinIO's keys: new user, new Secret, Loki's roll-out, and only then the old user goes", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const deployment = deployments["prod-aks-a"];
    const { name, stack, bucket, cluster } = deployment;
    engine.changeConfig(name, (config) => {
      config["logging:objectStorage"].credentialsGeneration = 2;
    });
    const watch = new CredentialWatch(deployment, minio);
    const log = new OperationLog();
    await timed("rotation of MinIO's keys", () => stack.up({ onEvent: log.record, color: "never" }));
    const looks = await watch.stop();

    assert.deepEqual(log.changes.toSorted(), [
      "create-replacement logging-bucket-secret-key",
      "create-replacement logging-bucket-user",
      "create-replacement logging-bucket-user-policy",
      "create-replacement logging-minio-credentials",
      "delete-replaced logging-bucket-secret-key",
      "delete-replaced logging-bucket-user",
      "delete-replaced logging-bucket-user-policy",
      "delete-replaced logging-minio-credentials",
      "update logging-loki",
    ]);
    assertOrder(log);

    const [oldKey, newKey] = [`${bucket}-1`, `${bucket}-2`];
    for (const look of looks) {
      assert.ok(Object.values(look.keys).includes("ok"), `no key was valid: ${JSON.stringify(look)}`);
      for (const key of look.held) assert.equal(look.keys[key], "ok", `a pod held a dead key: ${JSON.stringify(look)}`);
    }
    assert.deepEqual(looks[0]?.held, [oldKey]);
    assert.deepEqual(looks.at(-1)?.held, [newKey]);
    assert.ok(
      looks.some(({ held }) => held.length === 2),
      "the watch saw no moment with both keys in use",
    );
    noteLooks(looks, oldKey, newKey);

    const secrets = (await listSecrets(cluster)).filter(({ metadata }) => metadata.name.includes("minio-credentials"));
    assert.deepEqual(
      secrets.map((secret) => dataOf(secret).MINIO_ACCESS_KEY),
      [newKey],
    );
    const old = looks.at(-1)?.keys[oldKey];
    assert.notEqual(old, "ok", "the old user still opens the bucket");
    figure("  MinIO's answer to the old key", old ?? "");
    await stack.up({ expectNoChanges: true, color: "never" });
  });

  it("of the gateway's password: the gateway knows both users before Alloy sends the new one", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const deployment = deployments["prod-aks-a"];
    const { name, stack, cluster } = deployment;
    for (const generation of [2, 3]) {
      engine.changeConfig(name, (config) => {
        config["logging:loki"].gateway = { credentialsGeneration: generation };
      });
      const watch = new CredentialWatch(deployment, minio);
      const log = new OperationLog();
      await timed(`rotation of the gateway's password to generation ${generation}`, () =>
        stack.up({ onEvent: log.record, color: "never" }),
      );
      const looks = await watch.stop();

      assert.deepEqual(log.changes.toSorted(), [
        `create logging-alloy-password-${generation}`,
        `create logging-gateway-password-${generation}`,
        "create-replacement logging-alloy-login",
        "create-replacement logging-gateway-htpasswd",
        "create-replacement logging-gateway-login",
        ...(generation === 3 ? ["delete logging-alloy-password-1", "delete logging-gateway-password-1"] : []),
        "delete-replaced logging-alloy-login",
        "delete-replaced logging-gateway-htpasswd",
        "delete-replaced logging-gateway-login",
        "update logging-alloy",
        "update logging-loki",
      ]);
      const accepted = log.step("create-replacement", "logging-gateway-htpasswd");
      const loki = log.step("update", "logging-loki");
      const alloy = log.step("update", "logging-alloy");
      assert.ok(accepted.position < loki.position, "the gateway was rolled before its Secret was there");
      assert.ok(alloy.began >= loki.ended, "Alloy was rolled before the gateway knew the new user");
      for (const part of ["logging-gateway-htpasswd", "logging-alloy-login"])
        assert.ok(
          log.step("delete-replaced", part).began >= alloy.ended,
          `${part} was deleted before Alloy's roll-out had ended`,
        );
      for (const look of looks)
        assert.deepEqual(look.refusedPushes, [], "a push would have been answered with 401 and dropped");
      figure("  looks at 100 ms, with a user that a gateway refuses", `${looks.length}, 0`);

      const [htpasswd, ...others] = (await listSecrets(cluster)).filter(({ metadata }) =>
        metadata.name.includes("gateway-htpasswd"),
      );
      assert.deepEqual(others, []);
      const users = dataOf(htpasswd)
        [".htpasswd"]?.trim()
        .split("\n")
        .map((line) => line.split(":")[0]);
      assert.deepEqual(
        users,
        ["logging", "alloy"].flatMap((user) => [`${user}-${generation}`, `${user}-${generation - 1}`]),
      );
    }
    await stack.up({ expectNoChanges: true, color: "never" });
  });

  it("of the node pool: the new one first, the old one last, announced as a replacement", async () => {
    const { deployments, engine } = await deployedStacks();
    const { name, stack } = deployments["prod-aks-b"];
    const before = (await stack.outputs()).nodePoolName?.value as string;
    engine.changeConfig(name, (config) => {
      config["logging:nodePool"].maxPods = 50;
    });
    const preview = await engine.run(["preview", "--diff", "--stack", name]);
    assert.match(preview.output, /\+-azure-native:containerservice:AgentPool: \(replace\)/);
    assert.match(preview.output, /agentPoolName/);
    assert.match(preview.output, /maxPods\s*: 60 => 50/);
    const asked = engine.azureCalls().length;
    const log = new OperationLog();
    await timed("replacement of the node pool", () => stack.up({ onEvent: log.record, color: "never" }));
    assert.deepEqual(log.changes, ["create-replacement logging-node-pool", "delete-replaced logging-node-pool"]);
    const calls = engine
      .azureCalls()
      .slice(asked)
      .filter(({ method, preview }) => ["create", "update", "delete"].includes(method) && !preview)
      .map(({ method, id }) => `${method} ${id?.split("/").pop()}`);
    const after = (await stack.outputs()).nodePoolName?.value as string;
    assert.notEqual(after, before);
    assert.deepEqual(calls, [`create ${after}`, `delete ${before}`]);
    figure("  asked of Azure", calls.join(", then "));
  });

  it("leaves no user of an earlier generation", async () => {
    const { deployments, engine } = await deployedStacks();
    const state = await engine.run(["stack", "export", "--stack", "prod-aks-a"]);
    const { resources } = JSON.parse(state.output).deployment as {
      resources: Array<{ type: string; id?: string; delete?: boolean }>;
    };
    assert.deepEqual(
      resources.filter(({ delete: pending }) => pending),
      [],
    );
    assert.deepEqual(
      resources.filter(({ type }) => type === "minio:index/iamUser:IamUser").map(({ id }) => id),
      [`${deployments["prod-aks-a"].bucket}-2`],
    );
  });
});

/** Loki rolls onto the new Secret before anything old is deleted. */
function assertOrder(log: OperationLog): void {
  const newSecret = log.step("create-replacement", "logging-minio-credentials");
  const attached = log.step("create-replacement", "logging-bucket-user-policy");
  const rolled = log.step("update", "logging-loki");
  assert.ok(attached.position < newSecret.position, "the Secret is older than the policy's attachment");
  assert.ok(newSecret.position < rolled.position, "Loki was rolled before its Secret was there");
  for (const part of ["logging-bucket-user", "logging-bucket-user-policy", "logging-minio-credentials"]) {
    const deleted = log.step("delete-replaced", part);
    assert.ok(deleted.began >= rolled.ended, `${part} was deleted before Loki's roll-out had ended`);
  }
}

function noteLooks(looks: readonly Look[], oldKey: string, newKey: string): void {
  const overlap = looks.filter(({ keys }) => keys[oldKey] === "ok" && keys[newKey] === "ok").length;
  const ending = looks.filter(({ heldByEnding, keys }) => heldByEnding.some((key) => keys[key] !== "ok")).length;
  figure("  looks at 100 ms, with both keys valid, with none valid", `${looks.length}, ${overlap}, 0`);
  figure("  looks at which a pod that was ending held a dead key", ending);
  figure(
    "  longest pause between two looks",
    `${Math.max(...looks.map(({ time }, i) => time - (looks[i - 1]?.time ?? time)))} ms`,
  );
}

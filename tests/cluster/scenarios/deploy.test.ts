import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure, timed } from "../../harness/figures.ts";
import { linuxNodes } from "../../harness/kubernetes/simulatedNodes.ts";
import { answer, listObjects } from "../../harness/minio.ts";
import { offlinePlanOf } from "../../harness/pulumi/offlinePlanOf.ts";
import { type Deployment, deployedStacks, type Environment, STACKS } from "../deployedStacks.ts";
import { OperationLog } from "../engineEvents.ts";
import { isReady, podsByWorkload } from "../placement.ts";
import { runCommand } from "../projectCommand.ts";
import { dataOf, findLeaks, helmPayloads, listSecrets, secretsIn } from "../secretSearch.ts";

const PODS = {
  ...{ write: 3, read: 3, backend: 2, gateway: 2, canary: 1 },
  ...{ "memcached-chunks-cache": 1, "memcached-results-cache": 1 },
};

/** The project's own commands, whose output is searched for secrets. Of one stack: they print the same of the other. */
const COMMANDS = [
  ["deploy", "up", "--stack", "prod-aks-a", "--json"],
  ["preview", "prod-aks-a"],
  ["doctor", "prod-aks-a"],
] as const;

/** Output of `up` and `preview --diff`, for the search for secrets. */
const outputs: Array<{ name: string; text: string }> = [];

const each = (environment: Environment, check: (deployment: Deployment) => Promise<void>) =>
  Promise.all(STACKS.map((name) => check(environment.deployments[name])));

describe("two production stacks", () => {
  it("come up side by side", async () => {
    const { firstUps } = await deployedStacks();
    for (const name of STACKS) {
      const { result, log } = firstUps[name];
      outputs.push({ name: `up of ${name}`, text: result.stdout + result.stderr });
      // Without the lines of `--debug`: Pulumi's SDK writes every resource's outputs there, secrets in plain text.
      const shown = log.raw.filter(({ diagnosticEvent }) => diagnosticEvent?.severity !== ("debug" as string));
      outputs.push({ name: `event log of ${name}`, text: JSON.stringify(shown) });
      assert.deepEqual(Object.keys(result.summary.resourceChanges ?? {}), ["create"]);
      figure(`  resources created of ${name}`, result.summary.resourceChanges?.create ?? 0);
    }
  });

  it("have every pod Ready on the nodes where it belongs", async () => {
    const environment = await deployedStacks();
    await each(environment, async ({ name, cluster }) => {
      const pods = await podsByWorkload(cluster);
      const counted = Object.fromEntries([...pods].map(([workload, list]) => [workload, list.length]));
      assert.deepEqual(counted, { ...PODS, alloy: linuxNodes(environment.loggingNodes).length });
      for (const [workload, list] of pods) {
        for (const pod of list) assert.ok(isReady(pod), `${pod.metadata.name} is not Ready`);
        const nodes = list.map((pod) => pod.spec.nodeName as string).sort();
        if (workload === "alloy") assert.deepEqual(nodes, linuxNodes(environment.loggingNodes));
        else
          assert.ok(
            nodes.every((node) => node.startsWith("aks-logging-")),
            `${workload} is on ${nodes}`,
          );
        if (["write", "read", "backend", "gateway"].includes(workload))
          assert.equal(new Set(nodes).size, nodes.length, `${workload} shares a host: ${nodes}`);
      }
      const used = new Set([...pods].flatMap(([w, list]) => (w === "alloy" ? [] : list.map((p) => p.spec.nodeName))));
      figure(
        `  pods Ready in ${name}`,
        `${[...pods.values()].flat().length}; Loki on ${used.size} of ${environment.loggingNodes} logging nodes`,
      );
    });
  });

  it("give Loki and Alloy their keys by Secret, and MinIO's CA by ConfigMap", async () => {
    const environment = await deployedStacks();
    await each(environment, async ({ bucket, cluster }) => {
      const byName = Map.groupBy(await listSecrets(cluster), ({ metadata }) =>
        metadata.name.replace(/-[0-9a-f]{8}$/, ""),
      );
      const storage = dataOf(byName.get("logging-minio-credentials")?.[0]);
      assert.deepEqual(Object.keys(storage).sort(), ["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"]);
      assert.equal(storage.MINIO_ACCESS_KEY, `${bucket}-1`);
      assert.match(storage.MINIO_SECRET_KEY ?? "", /^[A-Za-z0-9]{40}$/);
      const login = dataOf(byName.get("logging-gateway-login")?.[0]);
      assert.equal(login.LOKI_USERNAME, "logging-1");
      assert.equal(dataOf(byName.get("logging-alloy-login")?.[0]).LOKI_USERNAME, "alloy-1");
      assert.match(
        dataOf(byName.get("logging-gateway-htpasswd")?.[0])[".htpasswd"] ?? "",
        /^logging-1:\{SSHA\}\S+\nalloy-1:\{SSHA\}\S+\n$/,
      );
      const configMaps = await cluster.api.list("/api/v1/namespaces/logging/configmaps");
      const ca = configMaps.find(({ metadata }) => metadata.name.startsWith("logging-minio-ca-"));
      assert.equal(ca?.data["ca.crt"], environment.minio.ca.pem);
      const limits = configMaps.find(({ metadata }) => metadata.name === "loki-runtime")?.data["runtime-config.yaml"];
      assert.match(limits, /retention_period: 336h/);
      const loki = configMaps.find(({ metadata }) => metadata.name === "loki")?.data["config.yaml"] as string;
      assert.match(loki, new RegExp(`bucketnames: ${bucket}`));
    });
  });

  it("have a bucket each, and a key that opens that one and not the other", async () => {
    const { deployments, minio } = await deployedStacks();
    const [a, b] = STACKS.map((name) => deployments[name]) as [Deployment, Deployment];
    for (const [own, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const client = minio.client(await keysOf(own));
      await minio.client(minio.admin).putObject(other.bucket, "someone-elses", "log");
      assert.equal(await answer(client.putObject(own.bucket, "probe", "log")), "ok");
      assert.equal(await answer(client.getObject(own.bucket, "probe")), "ok");
      assert.deepEqual(
        (await listObjects(client, own.bucket)).filter((name) => name === "probe"),
        ["probe"],
      );
      assert.equal(await answer(client.removeObject(own.bucket, "probe")), "ok");
      assert.equal(await answer(client.putObject(other.bucket, "probe", "log")), "AccessDenied");
      assert.equal(await answer(client.getObject(other.bucket, "someone-elses")), "AccessDenied");
      assert.equal(await answer(listObjects(client, other.bucket)), "AccessDenied");
      assert.equal(await answer(client.removeObject(other.bucket, "someone-elses")), "AccessDenied");
      assert.equal(await answer(client.makeBucket("loki-of-its-own", "us-east-1")), "AccessDenied");
      assert.equal(await answer(client.removeBucket(own.bucket)), "AccessDenied");
      await minio.client(minio.admin).removeObject(other.bucket, "someone-elses");
    }
  });

  it("do not change at the second up, nor at a refresh, nor after it", async () => {
    await each(await deployedStacks(), async ({ name, stack }) => {
      await timed(`  second up of ${name}`, () => stack.up({ expectNoChanges: true, color: "never" }));
      await timed(`  refresh of ${name}`, () => stack.refresh({ expectNoChanges: true, color: "never" }));
      const { changeSummary } = await timed(`  preview of ${name}`, () => stack.preview({ color: "never" }));
      assert.deepEqual(Object.keys(changeSummary), ["same"]);
    });
  });

  it("have the resources that the offline plan names", async () => {
    const environment = await deployedStacks();
    await each(environment, async ({ name, stack }) => {
      const planned = offlinePlanOf(environment.engine.project, name).map(({ type, name }) => `${type}::${name}`);
      const { deployment } = (await stack.exportStack()) as {
        deployment: { resources: Array<{ urn: string; type: string }> };
      };
      const deployed = deployment.resources
        .filter(({ type }) => type !== "pulumi:pulumi:Stack")
        .map(({ urn, type }) => `${type}::${urn.split("::").pop()}`);
      assert.deepEqual(deployed.sort(), planned.sort());
      figure(`  resources planned offline and deployed of ${name}`, deployed.length);
    });
  });

  it("change only Loki's release when the retention changes", async () => {
    const { deployments, engine } = await deployedStacks();
    const { name, stack, cluster } = deployments["prod-aks-a"];
    engine.changeConfig(name, (config) => {
      config["logging:loki"].retentionHours = 672;
    });
    const previewed = new OperationLog();
    const preview = await stack.preview({ onEvent: previewed.record, diff: true, color: "never" });
    outputs.push({ name: "preview --diff of a retention", text: preview.stdout + preview.stderr });
    assert.deepEqual(previewed.changes, ["update logging-loki"]);
    assert.match(preview.stdout, /retention_period\s*: "336h" => "672h"/);
    const log = new OperationLog();
    await timed("up with a changed retention", () => stack.up({ onEvent: log.record, color: "never" }));
    assert.deepEqual(log.changes, ["update logging-loki"]);
    figure("  changed by it", log.changes.join(", "));
    const limits = await cluster.api.get("/api/v1/namespaces/logging/configmaps/loki-runtime");
    assert.match(limits?.data["runtime-config.yaml"], /retention_period: 672h/);
  });

  it("keep every secret inside its Secret", async () => {
    const { deployments, engine, minio } = await deployedStacks();
    const secrets = new Map([["MinIO's admin password", minio.admin.secretKey]]);
    const texts = [...outputs];
    for (const name of STACKS) {
      const { cluster, stack } = deployments[name];
      for (const [key, value] of await secretsIn(cluster)) secrets.set(key, value);
      texts.push({
        name: `stack export of ${name}`,
        text: (await engine.run(["stack", "export", "--stack", name])).output,
      });
      texts.push({
        name: `stack output of ${name}`,
        text: (await engine.run(["stack", "output", "--json", "--stack", name])).output,
      });
      texts.push({ name: `config of ${name}`, text: JSON.stringify(await stack.workspace.stackSettings(name)) });
      // This preview shows every resource as new, with its inputs.
      texts.push({
        name: `preview --diff of ${name}`,
        text: (await engine.run(["preview", "--diff", "--show-sames", "--stack", name])).output,
      });
      texts.push(...(await helmPayloads(cluster)));
      for (const kind of ["configmaps", "pods", "events", "serviceaccounts"])
        texts.push({
          name: `${kind} of ${name}`,
          text: JSON.stringify(await cluster.api.list(`/api/v1/namespaces/logging/${kind}`)),
        });
    }
    for (const [command, ...args] of COMMANDS) {
      const { stdout, stderr } = await runCommand(engine, command, args);
      texts.push({ name: `${command} ${args.join(" ")}`, text: stdout + stderr });
    }
    assert.ok(secrets.size >= 7, `only ${secrets.size} secrets to look for`);
    for (const { name, text } of texts) assert.ok(text.length > 50, `${name} is empty: ${text}`);
    assert.deepEqual(findLeaks(secrets, texts), []);
    // The search works: it finds the Secret, in the base64 of Kubernetes.
    const raw = JSON.stringify(await listSecrets(deployments["prod-aks-a"].cluster));
    assert.notEqual(findLeaks(secrets, [{ name: "Secrets", text: raw }]).length, 0);
    figure(
      "secrets searched for",
      `${secrets.size}, in ${texts.length} texts of ${Math.round(texts.reduce((sum, { text }) => sum + text.length, 0) / 1024)} KiB: none found`,
    );
  });
});

async function keysOf({ cluster }: Deployment): Promise<{ accessKey: string; secretKey: string }> {
  const secret = (await listSecrets(cluster)).find(({ metadata }) =>
    metadata.name.startsWith("logging-minio-credentials"),
  );
  const { MINIO_ACCESS_KEY: accessKey = "", MINIO_SECRET_KEY: secretKey = "" } = dataOf(secret);
  return { accessKey, secretKey };
}

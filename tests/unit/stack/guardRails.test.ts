// The hooks as the engine calls them. The engine itself calls them in the cluster tier, in the scenarios `refusal` and `explain`.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it, mock } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { EXPLAINED_ELSEWHERE, guardRails } from "../../../stack/guardRails.ts";
import { within } from "../../harness/inProcess.ts";
import type { Loose } from "../../harness/manifest.ts";
import { load, RELEASE, stackFile } from "../../harness/plannedStack.ts";

const NAMESPACE = "kubernetes:core/v1:Namespace";
const SECRET = "kubernetes:core/v1:Secret";
const BUCKET = "minio:index/s3Bucket:S3Bucket";
const NODE = (group: string) => ({
  metadata: { name: "node-1" },
  spec: {
    providerID: `azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/${group}/providers/x`,
  },
});
const OWN_NODE = NODE("mc_rg-prod-aks-a_prod-aks-a_westeurope");

/** Answers of the API server by path, changed by each test. */
let answers: Record<string, Loose> = {};
const requests: string[] = [];
const warnings: Array<{ readonly text: string; readonly urn: string | undefined }> = [];
const server = createServer((request, response) => {
  const path = request.url?.split("?")[0] ?? "";
  requests.push(path);
  const body = answers[path];
  response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(body ?? { kind: "Status", message: `no ${path}` }));
});

/** Starts the API server and records warnings for the tests of a suite. */
function withServer(): void {
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    mock.method(pulumi.log, "warn", async (text: string, beside?: pulumi.Resource) => {
      const urn = beside && (await new Promise<string>((done) => beside.urn.apply(done)));
      warnings.push({ text, urn });
    });
  });
  after(() => {
    mock.restoreAll();
    server.close();
    server.closeAllConnections();
  });
}

/** The hooks of a resource, as the engine would call them. */
async function rails(): Promise<(type: string, resource?: Loose, hooks?: pulumi.ResourceHookBinding) => Loose> {
  const config = await load(stackFile());
  const port = (server.address() as AddressInfo).port;
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
  requests.length = 0;
  warnings.length = 0;
  const aks = { ...config, access: { method: "aks", login: "azurecli" } as const };
  const [transformation] = guardRails(aks, pulumi.output(kubeconfig));
  return (type, resource = {}, hooks = undefined) =>
    (transformation as Loose)({ resource, type, name: "r", props: {}, opts: hooks ? { hooks } : {} })?.opts.hooks;
}

/** Calls hooks one after the other, as the engine does. The error of the first that throws. */
async function call(hooks: pulumi.ResourceHook[], args: Loose = {}): Promise<string | undefined> {
  try {
    for (const hook of hooks) await hook.callback(args);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the guard rails", () => {
  withServer();

  it("hold every resource on another cluster, and repeat the reason for none", async () => {
    answers = { "/api/v1/nodes": { items: [NODE("mc_rg-prod-aks-a_other_westeurope")] } };
    const hooksOf = await rails();
    const held = await Promise.all([
      call(hooksOf(BUCKET).beforeCreate),
      call(hooksOf(SECRET).beforeUpdate),
      call(hooksOf(NAMESPACE).beforeCreate),
    ]);
    assert.match(
      held[0] ?? "",
      /^the cluster: node node-1 is in mc_rg-prod-aks-a_other_westeurope .*\n {4}→ log in to/,
    );
    assert.deepEqual(held.slice(1), Array(2).fill("not changed either, for the same reason"));
    assert.deepEqual(requests, ["/api/v1/nodes"], "the API server is asked once");
  });

  it("hold what is in the cluster if its namespace is not the one in the state", async () => {
    answers = {
      "/api/v1/nodes": { items: [OWN_NODE] },
      "/api/v1/namespaces/logging": { metadata: { name: "logging", uid: "live" } },
    };
    const hooksOf = await rails();
    const namespace = (uid: string) => ({ metadata: pulumi.output({ name: "logging", uid }) });
    assert.equal(await call(hooksOf(NAMESPACE, namespace("recorded")).beforeCreate), undefined);
    assert.equal(await call(hooksOf(BUCKET).beforeUpdate), undefined);
    assert.match(
      (await call(hooksOf(SECRET).beforeUpdate)) ?? "",
      /namespace logging has UID live; this stack created it with UID recorded/,
    );
    const same = await rails();
    same(NAMESPACE, namespace("live"));
    assert.equal(await call(same(SECRET).beforeUpdate), undefined);
  });

  it("keep the hooks that a resource has, and call these first", async () => {
    const hooksOf = await rails();
    const own = () => {};
    const hooks = hooksOf(RELEASE, {}, { beforeUpdate: [own] });
    assert.equal(hooks.beforeUpdate[0], own);
    assert.deepEqual(
      hooks.beforeUpdate.slice(1).map(({ name }: Loose) => name),
      ["logging-right-cluster", "logging-right-namespace", "logging-roll-back-first"],
    );
    assert.equal(hooksOf("logging:index:LoggingStack"), undefined, "a component has no hooks");
  });

  it("name the command for a failed revision that cannot be rolled back here", async () => {
    const revision = (version: string, status: string) => ({
      type: "helm.sh/release.v1",
      metadata: { name: `loki.v${version}`, labels: { name: "loki", version, status } },
    });
    answers = { "/api/v1/namespaces/logging/secrets": { items: [revision("4", "deployed"), revision("5", "failed")] } };
    const hooks = (await rails())(RELEASE).beforeUpdate.slice(-1);
    const newInputs = { name: "loki", namespace: "logging", version: "1.0.0", values: {} };
    assert.equal(
      await within({ env: { PATH: "/nonexistent" } }, () => call(hooks, { newInputs })),
      "release loki: revision 5 failed and has to be rolled back first: helm is not on PATH\n    → helm rollback loki 4 --namespace logging --history-max 5",
    );
  });
});

describe("the explanation of a failure", () => {
  withServer();

  const failure = (type: string, ...errors: string[]) => ({ urn: `urn:pulumi:a::logging::${type}::r`, type, errors });

  it("stands beside the resource, and is never a retry", async () => {
    const [hook] = (await rails())(BUCKET).onError;
    assert.equal(await hook.callback(failure(BUCKET, "SignatureDoesNotMatch")), false);
    assert.deepEqual(
      warnings.map(({ urn }) => urn),
      [`urn:pulumi:a::logging::${BUCKET}::r`],
    );
    assert.match(warnings[0]?.text ?? "", /^MinIO's admin key: .*\n {4}→ /);
    assert.deepEqual(requests, [], "pods say nothing about MinIO");
  });

  it("of a release asks the pods", async () => {
    const message = "0/4 nodes are available: 4 Insufficient memory.";
    const pod = {
      metadata: { name: "loki-write-0", labels: { "app.kubernetes.io/instance": "loki" } },
      status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] },
    };
    const none = { items: [] };
    answers = {
      "/api/v1/namespaces/logging/pods": { items: [pod] },
      "/api/v1/namespaces/logging/events": none,
      "/api/v1/namespaces/logging/persistentvolumeclaims": none,
      ...Object.fromEntries(
        ["statefulsets", "replicasets", "daemonsets"].map((kind) => [`/apis/apps/v1/namespaces/logging/${kind}`, none]),
      ),
    };
    const [hook] = (await rails())(RELEASE).onError;
    assert.equal(await hook.callback(failure(RELEASE, "context deadline exceeded")), false);
    assert.match(warnings[0]?.text ?? "", /pod loki-write-0 of release loki: .*Insufficient memory/);
  });

  it("that fails itself, or has nothing to add, is silent", async () => {
    answers = {};
    const hooksOf = await rails();
    assert.equal(await hooksOf(RELEASE).onError[0].callback(failure(RELEASE, "an unknown error")), false);
    assert.equal(await hooksOf(BUCKET).onError[0].callback({ ...failure(BUCKET), errors: undefined }), false);
    assert.deepEqual(warnings, []);
  });

  it("is left to a program that explains failures itself", async () => {
    const hooksOf = await within({ env: { [EXPLAINED_ELSEWHERE]: "npm run deploy" } }, rails);
    assert.deepEqual(hooksOf(RELEASE).onError, []);
  });
});

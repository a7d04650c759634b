// What deploys and the doctor make of errors, pods, states and answers. The real ones are in the cluster tier.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { CoreV1Event, V1Node, V1Pod, V1Secret } from "@kubernetes/client-node";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { destroyPlan } from "../../../../automation/deploy/destroyPlan.ts";
import { failedRevisions } from "../../../../automation/deploy/failedRevisions.ts";
import { deployedNamespace, foreignNode, sharedBuckets, wrongAddress } from "../../../../automation/deploy/guards.ts";
import { explainErrors } from "../../../../automation/explain/explainErrors.ts";
import { explainPods, type PodEvidence, type PodOwner } from "../../../../automation/explain/explainPods.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { STACKS, stackFile } from "../../../harness/plannedStack.ts";

const subjects = (...messages: string[]): string[] =>
  explainErrors(messages).map(({ subject, text }) => `${subject}: ${text}`);

describe("errors of a deploy", () => {
  it("of MinIO are told apart: certificate, name, clock, key, secret, rights, address", () => {
    const said = {
      'Get "https://minio:9000/": tls: failed to verify certificate: x509: certificate signed by unknown authority':
        /certificate: is not signed/,
      "x509: certificate has expired or is not yet valid: current time 2027": /certificate: has expired/,
      "x509: certificate is valid for minio.example.com, not minio.internal": /certificate: is for another name/,
      "RequestTimeTooSkewed: The difference between the request time and the server's time is too large.":
        /MinIO's clock/,
      "The Access Key Id you provided does not exist in our records.": /admin key: is not known/,
      "SignatureDoesNotMatch: The request signature we calculated does not match": /its secret is wrong/,
      "error creating minio bucket: Access Denied.": /not allowed to do this/,
      'Get "https://10.0.0.1:9000": dial tcp 10.0.0.1:9000: connect: connection refused':
        /the address: .*connection refused/,
      "dial tcp: lookup minio.internal.company on 10.0.0.2:53: no such host": /the name: .*no such host/,
    };
    for (const [error, meaning] of Object.entries(said)) {
      const found = subjects(error);
      assert.equal(found.length, 1, `${error}: ${found.join("; ")}`);
      assert.match(found[0] ?? "", meaning);
    }
  });

  it("of Azure are shown with their code and what to do", () => {
    const found = explainErrors([
      'Status=409 Code="QuotaExceeded" Message="Operation could not be completed as it results in exceeding approved Total Regional Cores quota."',
      '{"error": {"code": "LinkedAuthorizationFailed", "message": "The client has permission, however it does not on the subnet"}}',
      'Code="SomethingNew" Message="never seen"',
    ]);
    assert.deepEqual(
      found.map(({ text }) => text.split(":")[0]),
      ["QuotaExceeded", "LinkedAuthorizationFailed", "SomethingNew"],
    );
    assert.match(found[0]?.text ?? "", /exceeding approved/);
    assert.match(found[0]?.fix ?? "", /az vm list-usage/);
    assert.match(found[1]?.fix ?? "", /Network Contributor/);
    assert.match(found[2]?.fix ?? "", /SomethingNew/);
  });

  it("of fields that Kubernetes does not change name every StatefulSet and the command", () => {
    const refused = (name: string) =>
      `cannot patch "${name}" with kind StatefulSet: StatefulSet.apps "${name}" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden`;
    const [found, ...others] = explainErrors([
      `${refused("loki-backend")} && ${refused("loki-write")}`,
      refused("loki-write"),
    ]);
    assert.deepEqual(others, []);
    assert.equal(found?.subject, "StatefulSet loki-backend, loki-write");
    assert.match(found?.fix ?? "", /delete statefulset loki-backend loki-write --cascade=orphan/);
  });

  it("of a release, a login or a lock name the next step, each once", () => {
    assert.deepEqual(
      subjects("context deadline exceeded", "context deadline exceeded").map((s) => s.split(":")[0]),
      ["a release"],
    );
    assert.match(
      explainErrors(["another operation (install/upgrade/rollback) is in progress"])[0]?.fix ?? "",
      /doctor/,
    );
    assert.match(
      explainErrors(["error: the stack is currently locked by 1 lock(s)"])[0]?.fix ?? "",
      /pulumi cancel --stack STACK --yes$/,
    );
    assert.match(
      explainErrors(["error: failed to load checkpoint: place 1: unexpected end of JSON input"])[0]?.fix ?? "",
      /cp STACK\.json\.bak STACK\.json; rm -f STACK\.json\.attrs$/,
    );
    assert.match(explainErrors(["Please run 'az login' to setup account."])[0]?.fix ?? "", /az login/);
    assert.deepEqual(explainErrors(["some other error"]), []);
  });
});

const pod = (name: string, status: V1Pod["status"], more: Loose = {}): V1Pod => ({
  metadata: { name, labels: { "app.kubernetes.io/instance": "loki" } },
  ...(status && { status }),
  ...more,
});
const explain = (pods: V1Pod[], more: Partial<PodEvidence> = {}) =>
  explainPods({ namespace: "logging", pods, events: [], claims: [], logs: {}, owners: [], ...more });
const unscheduled = (message: string): V1Pod["status"] => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
const container = (state: Loose, more: Loose = {}): Loose => ({
  phase: "Running",
  containerStatuses: [{ name: "loki", image: "loki:1", restartCount: 0, ready: false, state, ...more }],
});

describe("pods that are not ready", () => {
  it("are explained, those that wait for the same in one finding; ready and ending ones are not", () => {
    const full = unscheduled("0/4 nodes are available: 4 Insufficient memory.");
    const ready: Loose = { conditions: [{ type: "Ready", status: "True" }] };
    const found = explain([
      pod("loki-write-1", full),
      pod("loki-write-0", full),
      pod("loki-read-0", ready),
      { ...pod("old", full), metadata: { name: "old", deletionTimestamp: new Date() } },
      pod("done", { phase: "Succeeded" }),
    ]);
    assert.deepEqual(
      found.map(({ subject }) => subject),
      ["pods loki-write-0, loki-write-1 of release loki"],
    );
    assert.match(found[0]?.text ?? "", /^Pending, the scheduler says: 0\/4 nodes/);
    assert.match(found[0]?.fix ?? "", /maxCount/);
  });

  it("say what of the scheduler's reasons can be mended how", () => {
    const fix = (message: string) => explain([pod("p", unscheduled(message))])[0]?.fix ?? "";
    assert.match(fix("node(s) had untolerated taint(s)"), /kubectl get nodes -L workload/);
    assert.match(fix("something new"), /describe pod p/);
    const claims: Loose[] = [
      { metadata: { name: "data-p" }, spec: { storageClassName: "fast" }, status: { phase: "Pending" } },
    ];
    const waiting = pod("p", unscheduled("pod has unbound immediate PersistentVolumeClaims"), {
      spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data-p" } }] },
    });
    const events = [
      {
        involvedObject: { name: "data-p" },
        metadata: {},
        reason: "ProvisioningFailed",
        message: 'storageclass "fast" not found',
      },
    ] as CoreV1Event[];
    const [found] = explain([waiting], { claims, events });
    assert.match(found?.text ?? "", /claim data-p: storageclass "fast" not found/);
    assert.match(found?.fix ?? "", /kubectl get storageclass fast/);
  });

  it("show an image that cannot be pulled, and a config that is not there", () => {
    const image = container({ waiting: { reason: "ImagePullBackOff", message: "401 Unauthorized" } });
    assert.match(explain([pod("p", image)])[0]?.text ?? "", /^image loki:1: ImagePullBackOff, 401 Unauthorized$/);
    const config = container({ waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } });
    assert.match(explain([pod("p", config)])[0]?.text ?? "", /secret "x" not found/);
  });

  it("show the last lines of a crash, and out of memory as what it is", () => {
    const crash = container(
      { waiting: { reason: "CrashLoopBackOff" } },
      { restartCount: 3, lastState: { terminated: { exitCode: 1, reason: "Error" } } },
    );
    const [found] = explain([pod("p", crash)], { logs: { "p/loki": "level=error msg=boom\n" } });
    assert.match(found?.text ?? "", /^loki crashed 3 times \(exit code 1\); its last lines:\nlevel=error msg=boom$/);
    const memory = container(
      { waiting: { reason: "CrashLoopBackOff" } },
      { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
    );
    const [oom] = explain([pod("p", memory)]);
    assert.match(oom?.text ?? "", /crashed once \(out of memory\)/);
    assert.match(oom?.fix ?? "", /memory limit/);
  });

  it("show a crash also while the next try runs, with what the probe says of that; not one that was got over", () => {
    const again = container(
      { running: {} },
      { restartCount: 2, lastState: { terminated: { exitCode: 1, reason: "Error" } } },
    );
    const logs = { "p/loki": "level=error msg=boom\n" };
    const events = [
      { involvedObject: { name: "p" }, metadata: {}, reason: "Unhealthy", message: "Readiness probe failed: 503" },
    ] as CoreV1Event[];
    assert.equal(
      explain([pod("p", again)], { logs, events })[0]?.text,
      "loki crashed 2 times (exit code 1), runs again, and is not ready: Readiness probe failed: 503; its last lines:\nlevel=error msg=boom",
    );
    const ready = container(
      { running: {} },
      { restartCount: 2, ready: true, lastState: { terminated: { exitCode: 1, reason: "Error" } } },
    );
    assert.match(explain([pod("p", ready)], { logs, events })[0]?.text ?? "", /^runs, and is not ready: Readiness/);
  });

  it("show the probe that fails, the newest word of it", () => {
    const event = (message: string, minute: number) =>
      ({
        involvedObject: { name: "p" },
        metadata: {},
        reason: "Unhealthy",
        message,
        lastTimestamp: new Date(2026, 0, 1, 0, minute),
      }) as CoreV1Event;
    const events = [event("Readiness probe failed: 503", 2), event("Readiness probe failed: connection refused", 1)];
    assert.match(
      explain([pod("p", container({ running: {} }))], { events })[0]?.text ?? "",
      /is not ready: Readiness probe failed: 503$/,
    );
    assert.match(explain([pod("p", { phase: "Pending" })])[0]?.text ?? "", /phase Pending/);
  });
});

describe("pods that are refused, so that there are none", () => {
  const owner = (kind: PodOwner["kind"], name: string, made: number): PodOwner => ({
    kind,
    name,
    release: "loki",
    wanted: 3,
    made,
  });
  const refused = (kind: string, name: string, message: string) =>
    ({ involvedObject: { kind, name }, metadata: {}, reason: "FailedCreate", message }) as CoreV1Event;

  it("are told of by what should have made them, with who refuses", () => {
    const quota =
      'pods "loki-write-2" is forbidden: exceeded quota: few, requested: pods=1, used: pods=9, limited: pods=9';
    const policy = 'admission webhook "validation.gatekeeper.sh" denied the request: no hostPath';
    const found = explain([], {
      owners: [
        owner("StatefulSet", "loki-write", 2),
        owner("DaemonSet", "alloy", 0),
        owner("ReplicaSet", "loki-read-1", 3),
      ],
      events: [
        refused("StatefulSet", "loki-write", quota),
        refused("DaemonSet", "alloy", policy),
        // Got over since.
        refused("ReplicaSet", "loki-read-1", quota),
      ],
    });
    assert.deepEqual(
      found.map(({ subject, text }) => `${subject}: ${text}`),
      [
        `StatefulSet loki-write of release loki: 1 of 3 pods is not made: ${quota}`,
        `DaemonSet alloy of release loki: 3 of 3 pods are not made: ${policy}`,
      ],
    );
    assert.match(found[0]?.fix ?? "", /describe resourcequota/);
    assert.match(found[1]?.fix ?? "", /policy/);
  });

  it("are not told of where nothing says why", () => {
    assert.deepEqual(explain([], { owners: [owner("StatefulSet", "loki-write", 2)] }), []);
  });
});

describe("guard rails", () => {
  it("two stacks on one bucket are refused, also where one names the other's by hand", () => {
    assert.deepEqual(sharedBuckets(STACKS.map((stack) => stackFile(() => {}, { stack }))), []);
    const borrowed = stackFile((config) => {
      config.objectStorage.bucket = "loki-prod-aks-b";
    });
    const [found] = sharedBuckets([borrowed, stackFile(() => {}, { stack: "prod-aks-b" })]);
    assert.match(found?.text ?? "", /belongs to prod-aks-a and prod-aks-b/);
    const elsewhere = stackFile((config) => {
      config.objectStorage.bucket = "loki-prod-aks-b";
      config.objectStorage.endpoint = "https://other:9000";
    });
    assert.deepEqual(sharedBuckets([elsewhere, stackFile(() => {}, { stack: "prod-aks-b" })]), []);
    const shared = [borrowed, stackFile(() => {}, { stack: "prod-aks-b" })];
    assert.equal(sharedBuckets(shared, "prod-aks-a").length, 1);
    assert.deepEqual(sharedBuckets(shared, "prod-aks"), [], "a name that is part of another is not that stack");
  });

  const ID =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-a/providers/Microsoft.ContainerService/managedClusters/a";
  const node = (group: string, subscription = "00000000-0000-0000-0000-000000000000"): V1Node => ({
    metadata: { name: "n" },
    spec: {
      providerID: `azure:///subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachineScaleSets/x/virtualMachines/0`,
    },
  });

  it("nodes of another AKS cluster are refused, nodes of this one and of none are not", () => {
    assert.equal(foreignNode([node("mc_rg-a_a_westeurope")], ID), undefined);
    assert.equal(foreignNode([node("MC_RG-A_A_westeurope")], ID), undefined);
    assert.equal(foreignNode([node("a-name-of-ours")], ID), undefined, "a node resource group that somebody named");
    assert.equal(foreignNode([{ spec: { providerID: "kind://x" } }], ID), undefined);
    assert.match(foreignNode([node("mc_rg-a_b_westeurope")], ID)?.text ?? "", /is not a node of/);
    assert.match(
      foreignNode([node("a-name-of-ours", "11111111-0000-0000-0000-000000000000")], ID)?.text ?? "",
      /subscription 11111111/,
    );
  });

  it("a context that leads elsewhere than config says is refused", () => {
    const access = { method: "kubeconfig", path: "p", context: "c", server: "https://a.example.com:443" } as const;
    assert.equal(wrongAddress("https://a.example.com/", access), undefined);
    assert.match(wrongAddress("https://b.example.com", access)?.text ?? "", /leads to https:\/\/b\.example\.com/);
    assert.equal(wrongAddress("https://b.example.com", { method: "kubeconfig", path: "p", context: "c" }), undefined);
  });

  it("the state remembers the cluster by its namespace", () => {
    const metadata = { name: "logging", uid: "u" };
    assert.deepEqual(
      deployedNamespace({ resources: [{ urn: "u", type: "kubernetes:core/v1:Namespace", outputs: { metadata } }] }),
      metadata,
    );
    assert.equal(deployedNamespace({}), undefined);
  });
});

describe("failed revisions", () => {
  const release = (name: string, version: number, status: string): V1Secret => ({
    type: "helm.sh/release.v1",
    metadata: { name: `sh.helm.release.v1.${name}.v${version}`, labels: { name, version: String(version), status } },
  });

  it("is a failed revision over a deployed one, which has to be rolled back; a first one that failed is not", () => {
    const found = failedRevisions(
      [
        release("loki", 9, "deployed"),
        release("loki", 10, "failed"),
        release("loki", 11, "failed"),
        release("alloy", 1, "failed"),
        release("other", 1, "failed"),
        release("other", 2, "deployed"),
      ],
      ["loki", "alloy", "other"].map((name) => ({ name, version: "1.0.0", values: {} })),
    );
    assert.deepEqual(found, [{ name: "loki", failed: 11, deployed: 9 }]);
  });

  it("is not rolled back where the same is tried once more, or pods would roll twice", () => {
    const text = (version: string, config: object): string =>
      gzipSync(JSON.stringify({ chart: { metadata: { version } }, config })).toString("base64");
    const failed = (revision: number, version: string, config: object): V1Secret => ({
      ...release("loki", revision, "failed"),
      data: { release: Buffer.from(text(version, config)).toString("base64") },
    });
    const wanted = { name: "loki", version: "18.11.0", values: { read: { replicas: 3 } } };
    const rolledBack = (...revisions: V1Secret[]): boolean =>
      failedRevisions([release("loki", 9, "deployed"), ...revisions], [wanted]).length > 0;
    assert.equal(rolledBack(failed(10, "18.11.0", { read: { replicas: 3 } })), false);
    assert.equal(rolledBack(failed(10, "18.11.0", { read: { replicas: 4 } })), true);
    assert.equal(rolledBack(failed(10, "18.10.1", { read: { replicas: 3 } })), true);
    const older = failed(10, "18.11.0", { read: { replicas: 4 } });
    assert.equal(rolledBack(older, failed(11, "18.11.0", { read: { replicas: 3 } })), true);
  });
});

describe("the plan of a destroy", () => {
  it("has what goes, in order, and what is protected; neither providers nor the component", () => {
    const urn = (type: string, name: string) =>
      `urn:pulumi:prod-aks-a::logging::logging:index:LoggingStack$${type}::${name}`;
    const step = (op: string, type: string, name: string): EngineEvent =>
      ({ sequence: 1, timestamp: 1, resourcePreEvent: { metadata: { op, type, urn: urn(type, name) } } }) as Loose;
    const release = "kubernetes:helm.sh/v3:Release";
    const bucket = "minio:index/s3Bucket:S3Bucket";
    const events = [
      { sequence: 0, timestamp: 0, preludeEvent: { config: {} } },
      step("delete", release, "logging-alloy"),
      step("delete", release, "logging-loki"),
      step("delete", "pulumi:providers:kubernetes", "kubernetes"),
      step("same", bucket, "logging-bucket"),
    ];
    const deployment = {
      resources: [
        { urn: urn("logging:index:LoggingStack", "logging"), type: "logging:index:LoggingStack", protect: true },
        { urn: urn(bucket, "logging-bucket"), type: bucket, protect: true },
        { urn: urn(release, "logging-loki"), type: release },
      ],
    };
    assert.deepEqual(destroyPlan(events, deployment), {
      goes: [
        { type: release, name: "logging-alloy" },
        { type: release, name: "logging-loki" },
      ],
      stays: [{ type: bucket, name: "logging-bucket" }],
    });
  });
});

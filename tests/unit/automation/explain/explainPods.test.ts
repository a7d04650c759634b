import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { explainPods, type PodEvidence, type PodOwner } from "../../../../automation/explain/explainPods.ts";
import type { Loose } from "../../../harness/manifest.ts";

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
    assert.match(found[0]?.text ?? "", /^Pending, the scheduler reports: 0\/4 nodes/);
    assert.match(found[0]?.fix ?? "", /maxCount/);
  });

  it("show which of the scheduler's reasons can be fixed, and how", () => {
    const fix = (message: string) => explain([pod("p", unscheduled(message))])[0]?.fix ?? "";
    // https://github.com/spotinst/spotinst-kubernetes-helm-charts/issues/29
    const system =
      "0/10 nodes are available: 3 node(s) had untolerated taint(s) {CriticalAddonsOnly: true}, 7 node(s) didn't match node selector.";
    const nodeSelector = { "kubernetes.azure.com/mode": "system" };
    const [unselected] = explain([pod("p", unscheduled(system), { spec: { nodeSelector } })]);
    assert.match(
      unselected?.fix ?? "",
      /^kubectl get nodes -L kubernetes\.azure\.com\/mode,topology\.kubernetes\.io\/zone: .* no taints but those of nodePool$/,
    );
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

  it("show an image that is not for the node's processor, before it is pulled and when it runs", () => {
    const pulled = container({
      waiting: {
        reason: "ErrImagePull",
        message: 'failed to pull and unpack image "r.io/alloy:1": no match for platform in manifest: not found',
      },
    });
    const [notPulled] = explain([pod("p", pulled)]);
    assert.match(notPulled?.text ?? "", /^image loki:1: .*no match for platform/);
    assert.match(notPulled?.fix ?? "", /az acr import does, .*kubernetes\.io\/arch/);
    const crash = container(
      { waiting: { reason: "CrashLoopBackOff" } },
      { restartCount: 1, lastState: { terminated: { exitCode: 255 } } },
    );
    const [ran] = explain([pod("p", crash)], { logs: { "p/loki": "exec /usr/bin/loki: exec format error\n" } });
    assert.match(ran?.text ?? "", /^loki is for another processor than its node's: exec \/usr\/bin\/loki/);
    assert.match(ran?.fix ?? "", /az acr import/);
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

  it("name the key that gives a container more memory", () => {
    const ended = { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } };
    const fixOf = (release: string, component: string | undefined, name: string) => {
      const labels = {
        "app.kubernetes.io/instance": release,
        ...(component && { "app.kubernetes.io/component": component }),
      };
      const status = container({ waiting: { reason: "CrashLoopBackOff" } }, { name, restartCount: 1, ...ended });
      return explain([pod("p", status, { metadata: { name: "p", labels } })])[0]?.fix ?? "";
    };
    assert.match(fixOf("loki", "write", "loki"), /\(loki\.write\.resources\.limits\.memory\)/);
    assert.match(fixOf("loki", "memcached-chunks-cache", "memcached"), /\(loki\.<component>\.resources/);
    assert.match(fixOf("alloy", undefined, "alloy"), /\(alloy\.resources\.limits\.memory\)/);
    assert.match(fixOf("alloy", "events", "alloy"), /\(alloy\.events\.resources\.limits\.memory\)/);
    assert.match(fixOf("alloy", undefined, "journal"), /alloy\.journal\.units/);
  });

  it("show a crash even while the next try runs, with the probe's answer; not one that is over", () => {
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
      "loki crashed 2 times (exit code 1), runs again, but is not ready: Readiness probe failed: 503; its last lines:\nlevel=error msg=boom",
    );
    const ready = container(
      { running: {} },
      { restartCount: 2, ready: true, lastState: { terminated: { exitCode: 1, reason: "Error" } } },
    );
    assert.match(explain([pod("p", ready)], { logs, events })[0]?.text ?? "", /^runs, but is not ready: Readiness/);
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
    workload: kind === "ReplicaSet" ? "deployment/loki-read" : `${kind.toLowerCase()}/${name}`,
    release: "loki",
    wanted: 3,
    made,
  });
  const refused = (kind: string, name: string, message: string) =>
    ({ involvedObject: { kind, name }, metadata: {}, reason: "FailedCreate", message }) as CoreV1Event;

  it("are reported by the object that should create them, with who refuses", () => {
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
        `StatefulSet loki-write of release loki: 1 of 3 pods is not created: ${quota}`,
        `DaemonSet alloy of release loki: 3 of 3 pods are not created: ${policy}`,
      ],
    );
    assert.match(found[0]?.fix ?? "", /describe resourcequota/);
    assert.match(found[1]?.fix ?? "", /policy/);
  });

  it("need a restart of their workload: its controller tries again only after longer and longer pauses", () => {
    const message = "exceeded quota: few";
    const found = explain([], {
      owners: [
        owner("StatefulSet", "loki-write", 2),
        owner("DaemonSet", "alloy", 0),
        owner("ReplicaSet", "loki-read-1", 2),
      ],
      events: [
        refused("StatefulSet", "loki-write", message),
        refused("DaemonSet", "alloy", 'admission webhook "validation.gatekeeper.sh" denied the request: no hostPath'),
        refused("ReplicaSet", "loki-read-1", message),
      ],
    });
    assert.deepEqual(
      found.map(({ fix }) => /then (kubectl -n logging rollout restart [^,]+),/.exec(fix)?.[1]),
      ["statefulset/loki-write", "daemonset/alloy", "deployment/loki-read"].map(
        (workload) => `kubectl -n logging rollout restart ${workload}`,
      ),
    );
  });

  it("are not reported without a reason", () => {
    assert.deepEqual(explain([], { owners: [owner("StatefulSet", "loki-write", 2)] }), []);
  });
});

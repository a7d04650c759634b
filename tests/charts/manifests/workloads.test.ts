// The workloads that the pinned charts render from our values: where they run, and what they request.
import assert from "node:assert/strict";
import { it } from "node:test";
import { admitted } from "../../../components/cluster/safeguards.ts";
import { parseCpu, parseMemory, requested } from "../../../components/quantities.ts";
import { planOf } from "../../harness/plannedStack.ts";
import { containersOf, object, ofKind, podsOf } from "../renderedCharts.ts";
import { describeManifests, LOKI, WORKLOADS } from "./describeManifests.ts";

describeManifests(({ stack, rendered, pod }) => {
  it("are these workloads and no others: no test pod, ruler, single binary or MinIO", () => {
    assert.deepEqual(
      podsOf(rendered().loki)
        .map((p) => p.name)
        .sort(),
      WORKLOADS,
    );
    assert.deepEqual(
      podsOf(rendered().alloy).map((p) => p.name),
      ["alloy"],
    );
    for (const m of [...rendered().loki, ...rendered().alloy]) {
      assert.ok(!/ruler|test|minio|rules|pattern|bloom/.test(m.metadata.name), `${m.kind} ${m.metadata.name}`);
      assert.equal((m.metadata as { annotations?: object }).annotations?.["helm.sh/hook" as never], undefined);
    }
  });

  it("have the replicas of the architecture", () => {
    const replicas = Object.fromEntries(
      rendered()
        .loki.filter((m) => podsOf([m]).length > 0)
        .map((m) => [m.metadata.name, (m.spec as { replicas: number }).replicas]),
    );
    assert.deepEqual(replicas, {
      "loki-backend": 2,
      "loki-canary": 1,
      "loki-chunks-cache": 1,
      "loki-gateway": 2,
      "loki-read": 3,
      "loki-results-cache": 1,
      "loki-write": 3,
    });
  });

  it("run Loki on the logging pool and nowhere else", () => {
    for (const name of WORKLOADS) {
      const { spec } = pod(name);
      assert.deepEqual(spec.nodeSelector, { workload: "logging" }, name);
      assert.deepEqual(
        spec.tolerations,
        [{ key: "workload", operator: "Equal", value: "logging", effect: "NoSchedule" }],
        name,
      );
    }
  });

  it("keep pods of a kind on different hosts, and spread them over the zones", () => {
    for (const name of [...LOKI, "loki-gateway"]) {
      const { spec, metadata } = pod(name);
      const [term] = spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
      assert.equal(term.topologyKey, "kubernetes.io/hostname", name);
      const [spread] = spec.topologySpreadConstraints;
      assert.equal(spread.topologyKey, "topology.kubernetes.io/zone", name);
      for (const { labelSelector } of [term, spread]) {
        for (const [key, value] of Object.entries(labelSelector.matchLabels))
          assert.equal(metadata.labels[key], value, `${name}: the selector meets the pod's own labels`);
      }
    }
  });

  it("roll out on a full pool: no pod is added before one is gone", () => {
    const deployments = ofKind(rendered().loki, "Deployment");
    assert.deepEqual(deployments.map((d) => d.metadata.name).sort(), ["loki-canary", "loki-gateway", "loki-read"]);
    // The only canary may be gone for a moment, so its roll-out does not wait for room.
    const canary = object(rendered().loki, "Deployment", "loki-canary");
    assert.equal(canary.spec.strategy.rollingUpdate.maxUnavailable, 1);
    for (const d of deployments.filter((one) => one !== canary))
      assert.deepEqual(d.spec.strategy.rollingUpdate, { maxSurge: 0, maxUnavailable: 1 }, d.metadata.name);
  });

  it("have a disruption budget for each replicated workload, including the gateway", () => {
    const budgets = ofKind(rendered().loki, "PodDisruptionBudget");
    assert.deepEqual(budgets.map((b) => b.metadata.name).sort(), [...LOKI, "loki-gateway"].sort());
    for (const b of budgets) {
      assert.equal(b.spec.maxUnavailable, 1, b.metadata.name);
      for (const [key, value] of Object.entries(b.spec.selector.matchLabels))
        assert.equal(pod(b.metadata.name).metadata.labels[key], value, b.metadata.name);
    }
  });

  it("request CPU and memory, and limit memory, in every container", () => {
    for (const { name, spec } of podsOf([...rendered().loki, ...rendered().alloy])) {
      for (const container of containersOf(spec)) {
        const { requests = {}, limits = {} } = container.resources ?? {};
        assert.ok(requests.cpu && requests.memory && limits.memory, `${name}/${container.name}`);
      }
    }
  });

  it("pass AKS Deployment Safeguards as they are: probes in every container, no small request, a fixed image tag", () => {
    for (const { name, spec } of podsOf([...rendered().loki, ...rendered().alloy])) {
      for (const container of containersOf(spec)) {
        const subject = `${name}/${container.name}`;
        // An init container may have none.
        for (const probe of spec.initContainers?.includes(container) ? [] : ["livenessProbe", "readinessProbe"]) {
          const { tcpSocket, httpGet, exec } = container[probe] ?? {};
          assert.ok(tcpSocket ?? httpGet ?? exec, `${subject} has no ${probe}`);
        }
        // Those of the upgrade from release 0.1 are raised, and the capacity check counts that.
        const requests = requested(container.resources);
        if (!/^alloy\/old-/.test(subject)) assert.deepEqual(admitted("Enforce")(requests), requests, subject);
        assert.match(container.image, /:[^/:]+$/, subject);
        assert.doesNotMatch(container.image, /:latest$/, subject);
      }
    }
  });

  it("request what the capacity check counted", async () => {
    const { capacity } = await planOf(stack);
    for (const workload of capacity?.workloads ?? []) {
      const { spec } = pod(`loki-${workload.name}`);
      const sum = (of: (requests: Record<string, string>) => number | undefined) =>
        containersOf(spec).reduce((total, c) => total + (of(c.resources.requests) ?? Number.NaN), 0);
      assert.equal(
        sum((r) => parseCpu(String(r.cpu))),
        workload.cpu,
        workload.name,
      );
      assert.equal(
        sum((r) => parseMemory(String(r.memory))),
        workload.memory,
        workload.name,
      );
      assert.equal(
        Boolean(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
        workload.onePerHost,
        `${workload.name} never shares a host`,
      );
    }
    assert.equal(capacity?.workloads.length, WORKLOADS.length);
  });

  it("keep the disks of write and backend when their pods go", () => {
    for (const [name, size] of [
      ["loki-write", "50Gi"],
      ["loki-backend", "20Gi"],
    ] as const) {
      const { spec } = object(rendered().loki, "StatefulSet", name);
      const retention = spec.persistentVolumeClaimRetentionPolicy ?? {};
      assert.notEqual(retention.whenDeleted, "Delete", name);
      assert.notEqual(retention.whenScaled, "Delete", name);
      const [claim] = spec.volumeClaimTemplates;
      assert.equal(claim.spec.resources.requests.storage, size, name);
      assert.equal(claim.spec.storageClassName, "managed-csi-premium", name);
    }
  });

  it("have no unexpanded template", () => {
    for (const m of [...rendered().loki, ...rendered().alloy])
      assert.ok(!/\{\{|<no value>|%!s/.test(JSON.stringify(m)), `${m.kind} ${m.metadata.name}`);
  });

  it("are all in the namespace, in kinds that this namespace may have", () => {
    for (const m of [...rendered().loki, ...rendered().alloy]) {
      assert.equal(m.metadata.namespace, "logging", `${m.kind} ${m.metadata.name}`);
      assert.ok(
        [
          "ConfigMap",
          "DaemonSet",
          "Deployment",
          "PodDisruptionBudget",
          "Service",
          "ServiceAccount",
          "StatefulSet",
        ].includes(m.kind),
        m.kind,
      );
    }
  });
});

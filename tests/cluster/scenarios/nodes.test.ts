// Drains nodes one after the other, and removes a zone, under the disruption budgets of the stack.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure, timed } from "../../harness/figures.ts";
import type { KubernetesApi, KubernetesError, KubernetesObject } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { isReady, podsByWorkload } from "../placement.ts";

const NAME = "prod-aks-a";
const PODS = "/api/v1/namespaces/logging/pods";
/** Workloads that serve requests. At most one pod of each may be missing at a time. */
const ANSWERING = ["write", "read", "backend", "gateway"];

async function logging(): Promise<{
  api: KubernetesApi;
  nodes: KubernetesObject[];
  cluster: Parameters<typeof podsByWorkload>[0];
}> {
  const { deployments } = await deployedStacks();
  const { cluster } = deployments[NAME];
  const nodes = (await cluster.api.list("/api/v1/nodes")).filter(
    ({ metadata }) => metadata.labels?.workload === "logging",
  );
  return { api: cluster.api, nodes, cluster };
}

async function cordon(api: KubernetesApi, node: KubernetesObject, unschedulable: boolean): Promise<void> {
  const path = `/api/v1/nodes/${node.metadata.name}`;
  await until(`${node.metadata.name} cordoned`, async () => {
    const now = (await api.get(path)) as KubernetesObject;
    await api.call("PUT", path, { ...now, spec: { ...now.spec, unschedulable } });
    return true;
  });
}

const lokiOn = async (api: KubernetesApi, node: KubernetesObject) =>
  (await api.list(PODS)).filter(
    ({ metadata, spec }) =>
      spec.nodeName === node.metadata.name && metadata.labels?.["app.kubernetes.io/name"] === "loki",
  );

/** Ready pods by workload. */
async function readyCounts(cluster: Parameters<typeof podsByWorkload>[0]): Promise<Map<string, number>> {
  const pods = await podsByWorkload(cluster);
  return new Map(
    [...pods].map(([name, all]) => [name, all.filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp).length]),
  );
}

describe("nodes that go", { timeout: 900_000 }, () => {
  it("are drained one after the other, and all of Loki is placed again after each", async () => {
    const { api, nodes, cluster } = await logging();
    const whole = await readyCounts(cluster);
    const fewest = new Map(whole);
    let evicted = 0;
    let held = 0;
    await timed("  every logging node drained in turn", async () => {
      for (const node of nodes) {
        await cordon(api, node, true);
        await until(
          `${node.metadata.name} drained`,
          async () => {
            for (const [name, n] of await readyCounts(cluster)) fewest.set(name, Math.min(n, fewest.get(name) ?? n));
            const left = await lokiOn(api, node);
            for (const { metadata } of left.filter((pod) => !pod.metadata.deletionTimestamp)) {
              const eviction = {
                apiVersion: "policy/v1",
                kind: "Eviction",
                metadata: { name: metadata.name, namespace: "logging" },
              };
              await api.call("POST", `${PODS}/${metadata.name}/eviction`, eviction).then(
                () => evicted++,
                (error: KubernetesError) => {
                  // The budget refuses: another pod of this workload is not ready yet.
                  if (error.status !== 429 && error.status !== 404) throw error;
                  held++;
                },
              );
            }
            return left.length === 0;
          },
          { timeoutMs: 120_000 },
        );
        // A disk attaches only in its own zone. If this is the last node of the zone, the pod waits for it.
        await cordon(api, node, false);
        await until(
          `all of Loki after ${node.metadata.name}`,
          async () => [...(await readyCounts(cluster))].every(([name, n]) => n === whole.get(name)),
          { timeoutMs: 120_000 },
        );
      }
    });
    figure("  pods evicted; evictions that a budget held", `${evicted}; ${held}`);
    assert.ok(evicted >= nodes.length);
    for (const name of ANSWERING)
      assert.ok(
        (fewest.get(name) ?? 0) >= (whole.get(name) ?? 0) - 1,
        `${name}: ${fewest.get(name)} of ${whole.get(name)}`,
      );
  });

  it("with a whole zone: a quorum of writers and one of every other kind stay, and the rest comes back with the zone", async () => {
    const { api, nodes, cluster } = await logging();
    const zoneOf = (node: KubernetesObject) => node.metadata.labels?.["topology.kubernetes.io/zone"] ?? "";
    const whole = await readyCounts(cluster);
    for (const zone of [...new Set(nodes.map(zoneOf))].sort()) {
      const lost = nodes.filter((node) => zoneOf(node) === zone);
      await Promise.all(lost.map((node) => cordon(api, node, true)));
      const gone = (await Promise.all(lost.map((node) => lokiOn(api, node)))).flat();
      // Without a grace period: a zone that fails respects no budget.
      await Promise.all(
        gone.map(({ metadata }) => api.call("DELETE", `${PODS}/${metadata.name}?gracePeriodSeconds=0`)),
      );
      const left = await readyCounts(cluster);
      figure(
        `  Loki without ${zone}`,
        ANSWERING.map((name) => `${name} ${left.get(name)}/${whole.get(name)}`).join(", "),
      );
      assert.ok((left.get("write") ?? 0) >= 2, `two of three writers are the quorum: ${left.get("write")}`);
      for (const name of ANSWERING) assert.ok((left.get(name) ?? 0) >= 1, name);
      await Promise.all(lost.map((node) => cordon(api, node, false)));
      await until(
        `all of Loki after ${zone}`,
        async () => [...(await readyCounts(cluster))].every(([name, n]) => n === whole.get(name)),
        { timeoutMs: 120_000 },
      );
    }
  });
});

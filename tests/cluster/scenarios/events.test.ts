// The pod that sends Kubernetes events, and the journal's container, on the real engine: switched on, stuck, on another disk, switched off.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { figure, timed } from "../../harness/figures.ts";
import type { KubernetesApi, KubernetesObject } from "../../harness/kubernetes/kubernetesApi.ts";
import { createDisks, linuxNodes } from "../../harness/kubernetes/simulatedNodes.ts";
import type { PulumiEngine, StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { cordon, isReady } from "../placement.ts";
import { deploy } from "../projectCommand.ts";

const NAME = "prod-aks-b";
const LOGGING = "/api/v1/namespaces/logging";
const RIGHTS = "/apis/rbac.authorization.k8s.io/v1";
const UNITS = ["kubelet.service", "kernel"];

/** Both on. */
const on =
  (more: (config: StackConfig) => void = () => {}) =>
  (config: StackConfig): void => {
    config["logging:alloy"].events = { enabled: true };
    config["logging:alloy"].journal = { units: UNITS };
    more(config);
  };

let api: KubernetesApi;
let engine: PulumiEngine;
let nodes: string[];

async function up(): Promise<Awaited<ReturnType<typeof deploy>>> {
  const result = await timed("  up", () => deploy(engine, ["up", "--stack", NAME]));
  assert.equal(result.outcome, "succeeded", JSON.stringify(result.findings.concat(result.errors as never)));
  return result;
}

const upWith = (change: (config: StackConfig) => void): Promise<string[]> =>
  withConfig(NAME, change, async () => (await up()).steps.map(({ op, name }) => `${op} ${name}`));

const named = (objects: readonly KubernetesObject[]): string[] =>
  objects.map(({ metadata }) => metadata.name).filter((name) => /events/.test(name));

/** Every object of the events, by its collection. */
async function objectsOfEvents(): Promise<Record<string, string[]>> {
  const at = async (path: string): Promise<string[]> => named(await api.list(path));
  return {
    deployments: await at("/apis/apps/v1/namespaces/logging/deployments"),
    accounts: await at(`${LOGGING}/serviceaccounts`),
    configMaps: await at(`${LOGGING}/configmaps`),
    claims: await at(`${LOGGING}/persistentvolumeclaims`),
    policies: await at("/apis/cilium.io/v2/namespaces/logging/ciliumnetworkpolicies"),
    roles: await at(`${RIGHTS}/clusterroles`),
    bindings: await at(`${RIGHTS}/clusterrolebindings`),
  };
}

const podsOf = async (name: string): Promise<KubernetesObject[]> =>
  api.list(`${LOGGING}/pods?labelSelector=app.kubernetes.io%2Fname%3D${name}`);

/** What `kubectl auth can-i --as` asks the API server. */
async function mayItself(verb: string, resource: string, namespace?: string): Promise<boolean> {
  const { status } = (await api.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
    spec: {
      user: "system:serviceaccount:logging:alloy-events",
      groups: ["system:serviceaccounts", "system:serviceaccounts:logging", "system:authenticated"],
      resourceAttributes: { verb, resource, ...(namespace && { namespace }) },
    },
  })) as { status: { allowed: boolean } };
  return status.allowed;
}

/** As docs/operations.md advises for other disks of Loki: Kubernetes does not change a StatefulSet's. The pods stay. */
async function orphanSets(): Promise<void> {
  for (const name of ["loki-write", "loki-backend"])
    await api.call("DELETE", `/apis/apps/v1/namespaces/logging/statefulsets/${name}`, { propagationPolicy: "Orphan" });
}

/** No node takes the pod that this config asks for. */
async function findsNoNode(change: (config: StackConfig) => void): Promise<void> {
  const soon = (config: StackConfig): void => {
    change(config);
    config["logging:alloy"].timeoutSeconds = 20;
  };
  await cordon(api, true);
  try {
    await withConfig(NAME, soon, async () => {
      const result = await timed("  the deploy gives up", () => deploy(engine, ["up", "--stack", NAME]));
      assert.equal(result.outcome, "failed");
      const found = result.findings.find(({ subject }) => /^pod alloy-events-\S+/.test(subject));
      assert.match(found?.text ?? "", /the scheduler reports: .*unschedulable/, JSON.stringify(result.findings));
      figure("  its explanation", `${found?.subject}: ${found?.text}`);
    });
  } finally {
    await cordon(api, false);
  }
}

describe("the events and the journals", () => {
  before(async () => {
    const environment = await deployedStacks();
    engine = environment.engine;
    api = environment.deployments[NAME].cluster.api;
    nodes = linuxNodes(environment.loggingNodes);
  });

  it("a pod that finds no node fails the deploy, which quotes the scheduler and names the pod", async () => {
    await findsNoNode(on());
  });

  it("come up: one pod with its disk, and a container more on each node", async () => {
    const changes = await upWith(on());
    figure("  changed by it", changes.join(", "));
    assert.deepEqual(
      changes.filter((change) => !/-events|logging-alloy$/.test(change)),
      [],
    );
    const [pod, ...others] = await podsOf("alloy-events");
    assert.deepEqual(others, []);
    assert.ok(pod && isReady(pod), JSON.stringify(pod?.status));
    assert.match(pod.spec.nodeName, /^aks-logging-/);
    const claim = await api.get(`${LOGGING}/persistentvolumeclaims/alloy-events`);
    assert.equal(claim?.status.phase, "Bound");
    const agents = await podsOf("alloy");
    assert.deepEqual(agents.map(({ spec }) => spec.nodeName).sort(), nodes);
    for (const { spec } of agents) assert.ok(spec.containers.some(({ name }: { name: string }) => name === "journal"));
  });

  it("do not change at the second up", async () => {
    assert.deepEqual(await upWith(on()), []);
  });

  it("its pod may read events of the whole cluster, and nothing else", async () => {
    for (const verb of ["get", "list", "watch"]) assert.ok(await mayItself(verb, "events"), verb);
    for (const verb of ["create", "update", "patch", "delete", "deletecollection"])
      assert.ok(!(await mayItself(verb, "events", "logging")), `${verb} events`);
    for (const resource of ["secrets", "pods", "pods/log", "pods/exec", "configmaps", "nodes", "serviceaccounts/token"])
      for (const verb of ["get", "list", "watch", "create", "delete"])
        for (const namespace of [undefined, "logging"])
          assert.ok(!(await mayItself(verb, resource, namespace)), `${verb} ${resource}`);
  });

  it("a replaced pod that finds no node fails the deploy too, although its predecessor was ready", async () => {
    const resources = { requests: { cpu: "110m", memory: "128Mi" }, limits: { memory: "1Gi" } };
    await findsNoNode(
      on((config) => {
        config["logging:alloy"].events.resources = resources;
      }),
    );
    // With the time that Helm waits.
    assert.deepEqual((await upWith(on())).sort(), ["update logging-alloy", "update logging-alloy-events"]);
  });

  it("the pod gets another disk with another storage class, and the old claim is deleted", async () => {
    await createDisks(api, "other-disks", 12);
    await orphanSets();
    const changes = await upWith(
      on((config) => {
        const { storage } = config["logging:loki"];
        config["logging:loki"].storage = { ...storage, storageClass: "other-disks", customStorageClass: true };
      }),
    );
    figure("  changed by it", changes.join(", "));
    const { claims } = await objectsOfEvents();
    assert.equal(claims?.length, 1);
    const { spec, status } = (await api.get(`${LOGGING}/persistentvolumeclaims/${claims?.[0]}`)) as KubernetesObject;
    assert.deepEqual([spec.storageClassName, status.phase], ["other-disks", "Bound"]);
    assert.ok((await podsOf("alloy-events")).some(isReady));
  });

  it("switched off, nothing of them is left, and the claim is deleted", async () => {
    for (const [kind, names] of Object.entries(await objectsOfEvents())) assert.equal(names.length, 1, kind);
    await orphanSets();
    const { steps } = await up();
    figure("  changed by it", steps.map(({ op, name }) => `${op} ${name}`).join(", "));
    for (const [kind, names] of Object.entries(await objectsOfEvents())) assert.deepEqual(names, [], kind);
    for (const { spec } of await podsOf("alloy"))
      assert.ok(spec.containers.every(({ name }: { name: string }) => name !== "journal"));
    assert.deepEqual((await up()).steps, []);
  });
});

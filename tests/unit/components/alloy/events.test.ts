// The pod that sends Kubernetes events: what is registered for it, with which rights, and what it costs.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { parse } from "yaml";
import { sizing } from "../../../../automation/changes/costs.ts";
import { resourceChanges } from "../../../../automation/changes/resourceChanges.ts";
import { resourceMeanings } from "../../../../automation/changes/resourceMeanings.ts";
import type { OfflinePlan } from "../../../../automation/plan/offlinePlan.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, planOf, problemAt, refusal, resource, stackFile } from "../../../harness/plannedStack.ts";

const enabled =
  (events: Loose = {}, more: (config: Loose) => void = () => {}) =>
  (config: Loose): void => {
    config.alloy = { ...config.alloy, events: { enabled: true, ...events } };
    more(config);
  };
const ours = ({ resources }: OfflinePlan) => resources.filter(({ name }) => /events/.test(name));

let planned: OfflinePlan;
const inputs = (type: string): Loose => resource(planned, "logging-alloy-events", `kubernetes:${type}`).inputs;
const pod = (): Loose => inputs("apps/v1:Deployment").spec.template.spec;

before(async () => {
  planned = await plan(stackFile(enabled()));
});

it("by default, nothing is registered", async () => {
  assert.deepEqual(ours(await planOf("prod-aks-a")), []);
});

it("its pod has one right, to read events, in the whole cluster", () => {
  assert.deepEqual(inputs("rbac.authorization.k8s.io/v1:ClusterRole").rules, [
    { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
  ]);
  const { metadata, roleRef, subjects } = inputs("rbac.authorization.k8s.io/v1:ClusterRoleBinding");
  assert.equal(metadata.name, "logging-alloy-events");
  assert.equal(roleRef.name, metadata.name);
  assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: "alloy-events", namespace: "logging" }]);
  assert.equal(pod().serviceAccountName, "alloy-events");
});

it("it is registered after Loki, because Alloy drops a batch that gets a 401", () => {
  for (const { type, dependsOn } of ours(planned).filter(({ type }) => /^kubernetes:(apps|core|rbac)/.test(type)))
    assert.ok(dependsOn.includes("kubernetes:helm.sh/v3:Release::logging-loki"), type);
});

it("there is one pod at a time, with a disk of Loki's storage class, on the logging pool", () => {
  const { replicas, strategy } = inputs("apps/v1:Deployment").spec;
  assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
  const { spec } = inputs("core/v1:PersistentVolumeClaim");
  assert.deepEqual(spec, {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "managed-csi-premium",
    resources: { requests: { storage: "4Gi" } },
  });
  assert.deepEqual(pod().nodeSelector, { "kubernetes.io/os": "linux", workload: "logging" });
  assert.ok(pod().tolerations.some(({ key }: Loose) => key === "workload"));
  assert.equal(
    pod().volumes.find(({ name }: Loose) => name === "storage").persistentVolumeClaim.claimName,
    "alloy-events",
  );
});

it("rules of alloy.mask are in its pipeline, and restart it", async () => {
  const checksum = (of: OfflinePlan): string =>
    (resource(of, "logging-alloy-events", "kubernetes:apps/v1:Deployment").inputs as Loose).spec.template.metadata
      .annotations["checksum/config"];
  const masking = await plan(
    stackFile(
      enabled({}, (c) => {
        c.alloy.mask = [{ kind: "jwt", namespaces: ["shop"] }];
        c.alloy.drop = [{ namespaces: ["shop"], pattern: "x" }];
      }),
    ),
  );
  const { data } = resource(masking, "logging-alloy-events", "kubernetes:core/v1:ConfigMap").inputs as Loose;
  const { processors, service } = parse(data["config.yaml"]);
  assert.deepEqual(service.pipelines.logs.processors, ["transform", "transform/mask-1", "transform/masked"]);
  assert.match(JSON.stringify(processors["transform/mask-1"]), /namespace.*shop.*masked:jwt/);
  assert.notEqual(checksum(masking), checksum(planned));
});

it("a deploy waits for the pod as long as for Alloy on the nodes", async () => {
  assert.equal(inputs("apps/v1:Deployment").spec.progressDeadlineSeconds, 1800);
  const changed = await plan(
    stackFile(
      enabled({}, (c) => {
        c.alloy.timeoutSeconds = 3600;
      }),
    ),
  );
  const { spec } = resource(changed, "logging-alloy-events", "kubernetes:apps/v1:Deployment").inputs as Loose;
  assert.equal(spec.progressDeadlineSeconds, 3600);
});

it("a deploy waits for the new pod, and does not take the old one for it", () => {
  const { metadata } = inputs("apps/v1:Deployment");
  assert.deepEqual(JSON.parse(metadata.annotations["pulumi.com/waitFor"]), [
    "jsonpath={.status.updatedReplicas}=1",
    "jsonpath={.status.availableReplicas}=1",
  ]);
});

it("the pod passes the Pod Security Standard restricted, and AKS's safeguards", () => {
  const [container, ...others] = pod().containers;
  assert.deepEqual(others, []);
  assert.ok(pod().securityContext.runAsNonRoot && pod().securityContext.seccompProfile.type === "RuntimeDefault");
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.ok(container.readinessProbe && container.livenessProbe);
  assert.ok(pod().volumes.every(({ hostPath }: Loose) => hostPath === undefined));
  assert.doesNotMatch(container.image, /latest/);
});

it("the login is only in the environment, from Alloy's Secret", () => {
  const [{ env, envFrom }] = pod().containers;
  assert.deepEqual(envFrom, [{ secretRef: { name: "logging-alloy-login-[auto]" } }]);
  assert.ok(env.every(({ name }: Loose) => !/PASSWORD|USERNAME/.test(name)));
});

it("every variable that the pipeline reads is set, and a changed pipeline restarts the pod", () => {
  const text: string = inputs("core/v1:ConfigMap").data["config.yaml"];
  const [{ env }] = pod().containers;
  const set = new Set([...env.map(({ name }: Loose) => name), "LOKI_USERNAME", "LOKI_PASSWORD"]);
  for (const [, name] of text.matchAll(/\$\{env:(\w+)\}/g)) assert.ok(set.has(name), name);
  const { annotations } = inputs("apps/v1:Deployment").spec.template.metadata;
  assert.match(annotations["checksum/config"], /^[0-9a-f]{64}$/);
});

describe("its image", () => {
  const imageWith = async (more: (config: Loose) => void): Promise<string> => {
    const changed = await plan(stackFile(enabled({}, more)));
    return (resource(changed, "logging-alloy-events", "kubernetes:apps/v1:Deployment").inputs as Loose).spec.template
      .spec.containers[0].image;
  };

  it("is that of Alloy", async () => {
    assert.match(await imageWith(() => {}), /^docker\.io\/grafana\/alloy:v\d/);
  });

  it("comes from the mirror, with the pull Secrets", async () => {
    const mirrored = await plan(
      stackFile(enabled({}, (c) => Object.assign(c, { images: { registry: "r.azurecr.io", pullSecrets: ["pull"] } }))),
    );
    const { spec } = (resource(mirrored, "logging-alloy-events", "kubernetes:apps/v1:Deployment").inputs as Loose).spec
      .template;
    assert.match(spec.containers[0].image, /^r\.azurecr\.io\/grafana\/alloy:v/);
    assert.deepEqual(spec.imagePullSecrets, [{ name: "pull" }]);
  });

  it("follows the escape hatch", async () => {
    const image = await imageWith((c) => {
      c.alloy.values = { image: { registry: "r.example", repository: "team/alloy", tag: "v9" } };
    });
    assert.equal(image, "r.example/team/alloy:v9");
  });
});

it("the capacity check counts it", async () => {
  const { capacity } = planned;
  assert.deepEqual(capacity?.workloads.at(-1), {
    ...{ name: "alloy-events", replicas: 1, cpu: 100, memory: 128, onePerHost: false, disks: 1 },
  });
  const tooLarge = { requests: { cpu: "3500m", memory: "1Gi" }, limits: { memory: "1Gi" } };
  const { text } = problemAt(await refusal(stackFile(enabled({ resources: tooLarge }))), "nodePool");
  assert.match(text, /may not fit: .*alloy-events/);
});

it("requests above the limits are refused", async () => {
  const resources = { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "512Mi" } };
  const found = problemAt(await refusal(stackFile(enabled({ resources }))), "alloy.events.resources.requests.memory");
  assert.match(found.text, /not above the limit, 512Mi/);
});

describe("the change report", () => {
  const meanings = async (before: OfflinePlan, after: OfflinePlan): Promise<string[]> =>
    resourceMeanings(resourceChanges(before.resources, after.resources)).map(({ level, text }) => `${level}: ${text}`);

  it("states what begins, what ends, what restarts, and what it costs", async () => {
    const off = await planOf("prod-aks-a");
    assert.deepEqual(await meanings(off, planned), [
      "safe: Kubernetes events become lines from now on, those of the last hour included",
      "safe: a right in the whole cluster: to read events. the login that deploys has to be allowed to grant it",
    ]);
    assert.deepEqual((await meanings(planned, off)).sort(), [
      "disruptive: Kubernetes events are no longer collected",
      "disruptive: connections that it allowed are refused, unless another policy allows them",
      "disruptive: the disk is deleted, with the events that Loki does not have yet",
    ]);
    const larger = await plan(
      stackFile(enabled({ resources: { requests: { cpu: "200m", memory: "128Mi" }, limits: { memory: "1Gi" } } })),
    );
    assert.deepEqual(await meanings(planned, larger), [
      "restarts: the pod that sends Kubernetes events restarts: no event is lost",
    ]);
    const sized = ({ resources }: OfflinePlan) => sizing({ resources, releases: [] });
    assert.deepEqual(sized(planned).volumes, { "managed-csi-premium": { count: 1, gib: 4 } });
    assert.deepEqual(sized(planned).requested, { pods: 1, cpu: 100, memory: 128 });
  });
});

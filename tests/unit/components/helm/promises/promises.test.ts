// The promises on small objects. tests/charts/promises.test.ts has those of the real charts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import type { Manifest } from "../../../../../components/helm/manifest.ts";
import { brokenPromises, notesOn } from "../../../../../components/helm/promises/stackPromises.ts";
import type { Loose } from "../../../../harness/manifest.ts";

const object = (kind: string, name: string, rest: Loose): Manifest => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "logging" },
  ...rest,
});

const LABELS = { "app.kubernetes.io/instance": "loki", "app.kubernetes.io/component": "write" };
const WRITE: Loose = {
  name: "write",
  image: "docker.io/grafana/loki:3.7.6",
  args: ["-config.file=/etc/loki/config/config.yaml", "-target=write"],
  env: [{ name: "POD_IP", value: "x" }],
  envFrom: [{ secretRef: { name: "logging-minio-credentials-[auto]" } }],
  ports: [{ name: "http-metrics", containerPort: 3100 }],
  volumeMounts: [{ name: "minio-ca", mountPath: "/etc/loki/ca" }],
  readinessProbe: { httpGet: { path: "/ready", port: 3100 } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
};
const CONFIG: Loose = {
  auth_enabled: false,
  common: { storage: { s3: { bucketnames: "loki-a", secret_access_key: "${MINIO_SECRET_KEY}" } } },
  compactor: { retention_enabled: true },
  limits_config: { retention_period: "336h", deletion_mode: "disabled", ingestion_rate_mb: 50 },
  schema_config: { configs: [] },
};

/** The objects of a stack, as the changes leave them. */
function objects({
  container = {},
  pod = {},
  spec = {},
  labels = LABELS,
  config = {},
  runtime = {},
  more = [],
}: Loose = {}): Manifest[] {
  const template = {
    metadata: { labels },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      automountServiceAccountToken: false,
      volumes: [{ name: "minio-ca", configMap: { name: "ca" } }],
      containers: [{ ...WRITE, ...container }],
      ...pod,
    },
  };
  return [
    object("StatefulSet", "loki-write", { spec: { replicas: 3, serviceName: "w", template, ...spec } }),
    object("Service", "loki-write", { spec: { selector: LABELS, ports: [{ name: "http", port: 3100 }] } }),
    object("ConfigMap", "loki", { data: { "config.yaml": stringify({ ...CONFIG, ...config }) } }),
    object("ConfigMap", "loki-runtime", { data: { "runtime-config.yaml": stringify(runtime) } }),
    ...more,
  ];
}

const sides = (change: Loose) => ({
  own: objects(),
  given: objects(change),
  beside: [],
  safeguards: "none" as const,
  monitoringNamespaces: [],
});
const broken = (change: Loose): string[] =>
  [...new Set(brokenPromises(sides(change)).map(({ promise }) => promise))].sort();

describe("a promise on rendered objects", () => {
  it("is kept by the stack's own objects, and by what only adds", () => {
    assert.deepEqual(broken({}), []);
    assert.deepEqual(broken({ labels: { ...LABELS, team: "logs" }, pod: { priorityClassName: "high" } }), []);
  });

  const CHANGES: ReadonlyArray<readonly [what: string, change: Loose, promises: readonly string[]]> = [
    ["no keys", { container: { envFrom: [] } }, ["storageAccess"]],
    [
      "a variable over a key",
      { container: { env: [...WRITE.env, { name: "MINIO_ACCESS_KEY", value: "x" }] } },
      ["storageAccess"],
    ],
    ["another value of a variable", { container: { env: [{ name: "POD_IP", value: "y" }] } }, ["programs"]],
    [
      "a variable that is there twice",
      { container: { env: [...WRITE.env, { name: "POD_IP", value: "y" }] } },
      ["programs"],
    ],
    ["a flag", { container: { args: [...WRITE.args, "-store.retention=24h"] } }, ["programs"]],
    ["no CA", { container: { volumeMounts: [] } }, ["programs"]],
    ["another CA", { pod: { volumes: [{ name: "minio-ca", configMap: { name: "mine" } }] } }, ["programs"]],
    ["a container of another name", { container: { name: "writer" } }, ["programs", "storageAccess"]],
    ["no probe", { container: { readinessProbe: undefined } }, ["probes"]],
    ["another port", { container: { ports: [{ name: "http-metrics", containerPort: 1 }] } }, ["networkPolicies"]],
    ["other labels", { labels: {} }, ["networkPolicies"]],
    ["the node's network", { pod: { hostNetwork: true } }, ["networkPolicies", "podSecurity"]],
    ["a token", { pod: { automountServiceAccountToken: true } }, ["kubernetesRights"]],
    [
      "capabilities",
      { container: { securityContext: { ...WRITE.securityContext, capabilities: {} } } },
      ["podSecurity"],
    ],
    ["another Service for names", { spec: { serviceName: "x" } }, ["addresses"]],
    ["fewer pods", { spec: { replicas: 1 } }, ["capacity"]],
    ["several tenants", { config: { auth_enabled: true } }, ["bucket"]],
    [
      "another retention",
      { config: { limits_config: { ...CONFIG.limits_config, retention_period: "1d" } } },
      ["retention"],
    ],
    ["an override of the tenant", { runtime: { overrides: { fake: { deletion_mode: "filter-only" } } } }, ["deletion"]],
    ["rights", { more: [object("ClusterRole", "mine", { rules: [] })] }, ["kubernetesRights"]],
    [
      "a node port",
      { more: [object("Service", "mine", { spec: { type: "NodePort", selector: LABELS } })] },
      ["exposure"],
    ],
    ["a name twice", { more: [object("Service", "loki-write", { spec: {} })] }, ["programs"]],
  ];
  for (const [what, change, promises] of CHANGES) {
    it(`is broken by ${what}`, () => assert.deepEqual(broken(change), promises));
  }

  it("is not broken by a value that sets what holds anyway", () => {
    const limits = { ...CONFIG.limits_config, block_ingestion_until: "0", required_labels: [], unordered_writes: true };
    assert.deepEqual(broken({ config: { limits_config: limits, querier: { query_store_only: false } } }), []);
  });

  it("is broken by requests that leave no room for what the stack has beside the releases", () => {
    const workload = (kind: string, name: string, cpu: string, rest: Loose = {}): Manifest => {
      const containers = [{ name, resources: { requests: { cpu, memory: "1Gi" } } }];
      const spec = { nodeSelector: { workload: "logging" }, containers, ...rest };
      return object(kind, name, { spec: { replicas: 1, template: { spec } } });
    };
    const volumes = [{ name: "storage", persistentVolumeClaim: { claimName: "alloy-events" } }];
    const events = workload("Deployment", "alloy-events", "500m", { volumes });
    const breaches = (cpu: string, beside: readonly Manifest[], dataDisks = 8): string[] =>
      brokenPromises({
        ...{
          own: [workload("StatefulSet", "loki-write", "100m")],
          given: [workload("StatefulSet", "loki-write", cpu)],
        },
        ...{ beside, safeguards: "none", monitoringNamespaces: [] },
        pool: { vm: { cpu: 4, memoryGiB: 16, dataDisks }, maxPods: 60, nodes: 1 },
      }).map(({ text }) => text);
    assert.deepEqual(breaches("3", []), []);
    assert.deepEqual(breaches("2500m", [events]), []);
    assert.match(breaches("3", [events]).join(), /may not fit: .*alloy-events/);
    assert.match(breaches("2500m", [events], 0).join(), /may not fit: alloy-events/);
  });

  it("shows no secret of Loki's config", () => {
    const storage = { s3: { bucketnames: "loki-a", secret_access_key: "PLANTED" } };
    const found = brokenPromises(sides({ config: { common: { storage } } }));
    assert.equal(found.length, 1);
    assert.doesNotMatch(JSON.stringify(found), /PLANTED/);
  });

  it("of another tenant's limits is none, but a note", () => {
    const change = { runtime: { overrides: { team: { retention_period: "24h" } } } };
    assert.deepEqual(broken(change), []);
    assert.deepEqual(
      notesOn(sides(change)).map(({ text }) => text),
      ["the runtime config's overrides for the tenant team have no effect"],
    );
  });
});

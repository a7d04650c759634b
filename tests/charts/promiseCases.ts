// Escape hatches that break a promise, with the value that breaks it. Most are made after public reports.
import type { PromiseName } from "../../components/helm/promises/promise.ts";
import type { Loose } from "../harness/manifest.ts";

/** What breaks: the promise, and the path of the value below `loki.values` or `alloy.values`. */
export interface PromiseCase {
  readonly release: "loki" | "alloy";
  readonly values: Loose;
  readonly broken: Readonly<Partial<Record<PromiseName, RegExp>>>;
}

const loki = (values: Loose, broken: PromiseCase["broken"]): PromiseCase => ({ release: "loki", values, broken });
const alloy = (values: Loose, broken: PromiseCase["broken"]): PromiseCase => ({ release: "alloy", values, broken });

const object = (apiVersion: string, kind: string, rest: Loose, name = "mine"): Loose => ({
  extraObjects: [{ apiVersion, kind, metadata: { name, namespace: "logging" }, ...rest }],
});
const readers = { "app.kubernetes.io/instance": "loki", "app.kubernetes.io/component": "read" };
const keys = { secretRef: { name: "logging-minio-credentials-1a2b3c4d" } };
const sidecar = (more: Loose): Loose => ({
  name: "side",
  image: "mirror.internal/side:1",
  securityContext: {
    ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
    ...{ capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } },
  },
  ...more,
});
const route = (service: string): Loose => ({
  spec: {
    rules: [
      {
        host: "loki.example.com",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: service, port: { number: 3100 } } } }],
        },
      },
    ],
  },
});

export const PROMISE_CASES: Readonly<Record<string, PromiseCase>> = {
  "MinIO's keys in a sidecar": loki(
    { read: { extraContainers: [sidecar({ envFrom: [keys] })] } },
    {
      storageAccess: /container side gets the Secret logging-minio-credentials/,
    },
  ),
  "MinIO's keys in a pod of the hatch": loki(
    object("v1", "Pod", { spec: { securityContext: {}, containers: [sidecar({ envFrom: [keys] })] } }),
    { storageAccess: /Pod mine: container side gets the Secret/ },
  ),
  "MinIO's keys in memcached": loki({ global: { extraEnvFrom: [keys] } }, { storageAccess: /gets the Secret/ }),
  "a variable over MinIO's key": loki(
    { backend: { extraEnv: [{ name: "MINIO_SECRET_KEY", value: "${OTHER}" }] } },
    {
      storageAccess: /sets MINIO_SECRET_KEY/,
    },
  ),
  "no keys for Alloy": alloy(
    { alloy: { envFrom: null } },
    { storageAccess: /no longer gets the Secret logging-alloy-login/ },
  ),
  "a gateway path without a password": loki(
    { gateway: { nginxConfig: { locationSnippet: "auth_basic off;" } } },
    {
      gateway: /"auth_basic off" is added/,
    },
  ),
  "another backend of the gateway": loki(
    { gateway: { nginxConfig: { customReadUrl: "http://elsewhere:3100" } } },
    {
      gateway: /"set \$backend .*" is removed/,
    },
  ),
  "a mount over the gateway's password": loki(
    {
      gateway: {
        extraVolumes: [{ name: "more", emptyDir: {} }],
        extraVolumeMounts: [{ name: "more", mountPath: "/etc/nginx/secrets" }],
      },
    },
    { programs: /a mount at \/etc\/nginx\/secrets, over the stack's files/ },
  ),
  "an Ingress to a reader": loki(object("networking.k8s.io/v1", "Ingress", route("loki-read")), {
    exposure: /Ingress mine: leads to the Service loki-read/,
  }),
  "an HTTPRoute to a writer": loki(
    object("gateway.networking.k8s.io/v1", "HTTPRoute", {
      spec: { rules: [{ backendRefs: [{ name: "loki-write", port: 3100 }] }] },
    }),
    { exposure: /HTTPRoute mine: leads to the Service loki-write/ },
  ),
  "a load balancer of readers": loki(
    object("v1", "Service", {
      spec: { type: "LoadBalancer", selector: readers, ports: [{ port: 80, targetPort: 3100 }] },
    }),
    { exposure: /Service mine: is open to the outside of the cluster \(LoadBalancer\)/ },
  ),
  "node ports of every pod": loki(
    object("v1", "Service", {
      spec: { type: "NodePort", selector: { "app.kubernetes.io/instance": "loki" }, ports: [{ port: 3100 }] },
    }),
    { exposure: /\(NodePort\)/ },
  ),
  "another port of Loki": loki(
    { loki: { server: { http_listen_port: 3200 } } },
    {
      addresses: /no longer has the port 3100/,
      networkPolicies: /no longer listens on 3100/,
    },
  ),
  "another cluster domain": loki(
    { global: { clusterDomain: "k8s.internal" } },
    {
      durability: /memberlist\.join_members/,
      gateway: /is removed/,
    },
  ),
  "a policy that lets everyone in": loki(
    object("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: {}, ingress: [{}] } }),
    { networkPolicies: /NetworkPolicy mine: lets connections in/ },
  ),
  "a policy of Cilium": loki(
    object("cilium.io/v2", "CiliumNetworkPolicy", {
      spec: { endpointSelector: { matchLabels: readers }, ingress: [{ fromEntities: ["world"] }] },
    }),
    { networkPolicies: /CiliumNetworkPolicy mine: lets connections in/ },
  ),
  "the chart's own policies": loki({ networkPolicy: { enabled: true } }, { networkPolicies: /lets connections in/ }),
  "Alloy in the node's network": alloy(
    { controller: { hostNetwork: true } },
    {
      networkPolicies: /in the node's network/,
      podSecurity: /hostNetwork/,
    },
  ),
  "a flag over the retention": loki(
    { defaults: { extraArgs: ["-store.retention=24h"] } },
    {
      programs: /gets the argument store\.retention/,
    },
  ),
  "another config file of Loki": loki(
    { write: { extraArgs: ["-config.file=/tmp/loki.yaml"] } },
    {
      programs: /gets the argument config\.file/,
    },
  ),
  "another command of Loki": loki({ read: { command: "/bin/sh" } }, { programs: /has another command/ }),
  "the config in a Secret": loki(
    { loki: { configStorageType: "Secret" } },
    { programs: /ConfigMap loki: is no longer rendered/ },
  ),
  "the config of another object": loki(
    { loki: { configObjectName: "mine" } },
    {
      programs: /something else at \/etc\/loki\/config/,
    },
  ),
  "a second ConfigMap of the same name": loki(object("v1", "ConfigMap", { data: { "config.yaml": "" } }, "loki"), {
    programs: /ConfigMap loki: is rendered twice/,
  }),
  "a mount over the write-ahead log": loki(
    {
      write: {
        extraVolumes: [{ name: "more", emptyDir: {} }],
        extraVolumeMounts: [{ name: "more", mountPath: "/var/loki/wal" }],
      },
    },
    { programs: /a mount at \/var\/loki\/wal/ },
  ),
  "no log files for Alloy": alloy(
    { alloy: { mounts: { varlog: false } } },
    { programs: /something else at \/var\/log/ },
  ),
  "another command of Alloy": alloy({ alloy: { command: ["/bin/sh"] } }, { programs: /has another command/ }),
  "another pipeline": alloy(
    { alloy: { configMap: { content: "receivers: {}" } } },
    { pipeline: /something else than the stack's pipeline/ },
  ),
  "Alloy on some nodes": alloy(
    { controller: { nodeSelector: { pool: "apps" } } },
    { everyNode: /other nodes than every Linux node/ },
  ),
  "Alloy without tolerations": alloy({ controller: { tolerations: null } }, { everyNode: /does not tolerate/ }),
  "Alloy that a full node evicts": alloy(
    { controller: { priorityClassName: "low" } },
    { everyNode: /priority class low/ },
  ),
  "no readiness of Loki": loki({ loki: { readinessProbe: null } }, { probes: /another readinessProbe, or none/ }),
  "a liveness that asks elsewhere": loki(
    { write: { livenessProbe: { httpGet: { path: "/", port: "grpc" } } } },
    {
      probes: /another livenessProbe/,
    },
  ),
  "disks that go with their pods": loki(
    { write: { persistence: { enableStatefulSetAutoDeletePVC: true } } },
    {
      disks: /whenDeleted, whenScaled: Delete/,
    },
  ),
  "no disks": loki({ backend: { persistence: { volumeClaimsEnabled: false } } }, { disks: /volume claim data/ }),
  "a short time to stop": loki(
    { write: { terminationGracePeriodSeconds: 10 } },
    { durability: /10 s instead of 300 s/ },
  ),
  "no disruption budget": loki(
    { gateway: { podDisruptionBudget: { maxUnavailable: 2 } } },
    {
      durability: /PodDisruptionBudget loki-gateway: is another disruption budget/,
    },
  ),
  "pods that share a host": loki({ write: { affinity: null } }, { durability: /may share a host/ }),
  "a scaler that removes writers": loki(
    { write: { autoscaling: { enabled: true, minReplicas: 1, maxReplicas: 3 } } },
    {
      durability: /scaled down to 1 pods, from 3/,
    },
  ),
  "more pods than the pool holds": loki(
    { write: { autoscaling: { enabled: true, minReplicas: 3, maxReplicas: 20 } } },
    {
      capacity: /these may not fit: write/,
    },
  ),
  "a sidecar that the pool has no room for": loki(
    { read: { extraContainers: [sidecar({ resources: { requests: { cpu: "3" } } })] } },
    { capacity: /these may not fit/ },
  ),
  "other nodes": loki({ read: { nodeSelector: { pool: "apps" } } }, { capacity: /runs on nodes with/ }),
  "Loki as root": loki(
    { loki: { podSecurityContext: { runAsUser: 0, runAsNonRoot: false } } },
    { podSecurity: /runAsUser is 0/ },
  ),
  "a file system that Loki may write to": loki(
    { defaults: { containerSecurityContext: { readOnlyRootFilesystem: false } } },
    {
      podSecurity: /container read: /,
    },
  ),
  "a folder of the node": loki(
    { write: { extraVolumes: [{ name: "host", hostPath: { path: "/etc" } }] } },
    { podSecurity: /volume host is hostPath: \/etc/ },
  ),
  "a privileged Alloy": alloy(
    { alloy: { securityContext: { privileged: true } } },
    { podSecurity: /container alloy: privileged/ },
  ),
  "rights for the rules sidecar": loki({ sidecar: { rules: { enabled: true } } }, { kubernetesRights: /gives rights/ }),
  "a token in Loki's pods": loki(
    { read: { automountServiceAccountToken: true } },
    { kubernetesRights: /mounts a token/ },
  ),
  "rights for Alloy": alloy({ rbac: { create: true } }, { kubernetesRights: /ClusterRole alloy: gives rights/ }),
  "several tenants": loki({ loki: { auth_enabled: true } }, { bucket: /auth_enabled is true instead of false/ }),
  "Thanos's client": loki(
    { loki: { structuredConfig: { storage_config: { use_thanos_objstore: true } } } },
    {
      bucket: /use_thanos_objstore is true/,
    },
  ),
  "no retention": loki(
    { loki: { structuredConfig: { compactor: { retention_enabled: false } } } },
    {
      retention: /retention_enabled is false instead of true/,
    },
  ),
  "a retention of less than a day": loki(
    { loki: { limits_config: { retention_stream: [{ selector: '{namespace="dev"}', priority: 1, period: "1h" }] } } },
    { retention: /Loki takes 24h or more/ },
  ),
  "a retention whose selector is none": loki(
    { loki: { limits_config: { retention_stream: [{ selector: "{namespace=dev}", priority: 1, period: "24h" }] } } },
    { retention: /which Loki cannot read/ },
  ),
  "the legacy switch for deletions": loki(
    { loki: { limits_config: { allow_deletes: true } } },
    { deletion: /allow_deletes is true/ },
  ),
  "no write-ahead log": loki(
    { loki: { ingester: { wal: { enabled: false } } } },
    { durability: /wal\.enabled is false/ },
  ),
  "a ring in memory": loki(
    { loki: { structuredConfig: { common: { ring: { kvstore: { store: "inmemory" } } } } } },
    {
      durability: /common\.ring/,
    },
  ),
  "another ring's label": loki(
    { loki: { extraMemberlistConfig: { cluster_label: "all" } } },
    { durability: /cluster_label is "all"/ },
  ),
  "a runtime config that switches rings": loki(
    { loki: { runtimeConfig: { multi_kv_config: { primary: "x" } } } },
    {
      durability: /the runtime config has multi_kv_config/,
    },
  ),
  "lines that are too old too early": loki(
    { loki: { limits_config: { reject_old_samples_max_age: "1h" } } },
    {
      acceptance: /reject_old_samples_max_age is "1h" instead of "168h"/,
    },
  ),
  "long lines that are refused": loki(
    { loki: { limits_config: { max_line_size_truncate: false } } },
    {
      acceptance: /max_line_size_truncate is false/,
    },
  ),
  "shorter lines": loki({ loki: { limits_config: { max_line_size: "1KB" } } }, { acceptance: /max_line_size is 1KB/ }),
  "fewer streams for each writer": loki(
    { loki: { limits_config: { max_streams_per_user: 5000 } } },
    {
      acceptance: /max_streams_per_user is 5000/,
    },
  ),
  "no lines for a while": loki(
    { loki: { runtimeConfig: { overrides: { fake: { block_ingestion_until: "2999-01-01T00:00:00Z" } } } } },
    { acceptance: /block_ingestion_until/ },
  ),
  "lines that nobody may read": loki(
    { loki: { limits_config: { max_query_lookback: "24h" } } },
    {
      reading: /max_query_lookback is "24h" instead of "336h"/,
    },
  ),
  "queries of the store alone": loki(
    { loki: { querier: { query_store_only: true } } },
    { reading: /query_store_only is true/ },
  ),
  "queries that do not ask the writers": loki(
    { loki: { querier: { query_ingesters_within: "1h" } } },
    {
      reading: /query_ingesters_within is "1h" instead of "6h"/,
    },
  ),
  "a snippet with a template": loki(
    { gateway: { nginxConfig: { httpSnippet: '{{ "server" }} { listen 8081; }' } } },
    {
      gateway: /"server" is added/,
    },
  ),
  "a label that policies select by": loki(
    { read: { podLabels: { "app.kubernetes.io/component": "gateway" } } },
    {
      validConfig: /app\.kubernetes\.io\/component: gateway/,
    },
  ),
  "another address that Alloy pushes to": alloy(
    { alloy: { extraEnv: [{ name: "LOGGING_OTLP_URL", value: "http://x" }] } },
    {
      programs: /another value of LOGGING_OTLP_URL/,
    },
  ),
  "a store that is none": loki(
    { loki: { storage: { type: "filesystem" } } },
    { validConfig: /object storage backend/ },
  ),
  "another store": loki(
    { loki: { structuredConfig: { storage_config: { filesystem: { directory: "/tmp" } } } } },
    {
      bucket: /storage_config\.filesystem/,
    },
  ),
  "the chart's test schema": loki({ loki: { useTestSchema: true } }, { validConfig: /useTestSchema must be false/ }),
  "a runtime config that is a text": loki(
    { loki: { runtimeConfig: "overrides: {}" } },
    { validConfig: /got string, want object/ },
  ),
  "the ruler without a bucket": loki({ ruler: { enabled: true } }, { validConfig: /bucketNames\.ruler/ }),
};

/** Escape hatches that break nothing. */
export const HARMLESS_VALUES: Readonly<Record<string, Pick<PromiseCase, "release" | "values">>> = {
  "variables of a ConfigMap": {
    release: "loki",
    values: { defaults: { extraEnvFrom: [{ configMapRef: { name: "corporate-proxy" } }] } },
  },
  "sizes, times, logs and a new variable of nginx": {
    release: "loki",
    values: {
      gateway: {
        verboseLogging: true,
        nginxConfig: {
          clientMaxBodySize: "20M",
          httpSnippet: "map $request_method $writes { default 0; POST 1; }",
          serverSnippet: "client_body_buffer_size 1m; # more\nadd_header X-Frame-Options deny;",
          locationSnippet: "proxy_set_header X-Team logs;",
        },
      },
    },
  },
  "an Egress policy, annotations, labels and log levels": {
    release: "loki",
    values: {
      ...object("networking.k8s.io/v1", "NetworkPolicy", {
        spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "10.1.2.3/32" } }] }] },
      }),
      defaults: { podAnnotations: { team: "logs" }, podLabels: { team: "logs" }, extraArgs: ["-log.level=debug"] },
      read: {
        extraVolumes: [{ name: "more", emptyDir: {} }],
        extraVolumeMounts: [{ name: "more", mountPath: "/more" }],
      },
    },
  },
  "times of probes, and a longer time to stop": {
    release: "loki",
    values: {
      write: {
        terminationGracePeriodSeconds: 600,
        readinessProbe: { httpGet: { path: "/ready", port: "http-metrics" }, initialDelaySeconds: 60 },
      },
    },
  },
  "sizes of queries, and longer times": {
    release: "loki",
    values: {
      loki: {
        limits_config: {
          max_chunks_per_query: 5000,
          reject_old_samples_max_age: "336h",
          max_line_size: "1MB",
          max_query_lookback: "0s",
        },
        structuredConfig: {
          ingester: { chunk_idle_period: "1h" },
          querier: { max_concurrent: 8, query_ingesters_within: "12h" },
        },
        runtimeConfig: { overrides: { fake: { max_query_parallelism: 16 } } },
      },
    },
  },
  "more tolerations, variables and volumes of Alloy": {
    release: "alloy",
    values: {
      alloy: {
        extraEnv: [{ name: "GOMAXPROCS", value: "2" }],
        mounts: { extra: [{ name: "tmp", mountPath: "/scratch" }] },
      },
      controller: {
        tolerations: [{ key: "dedicated", operator: "Exists" }],
        volumes: { extra: [{ name: "tmp", emptyDir: {} }] },
        podAnnotations: { team: "logs" },
      },
    },
  },
};

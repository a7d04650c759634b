// The same resources as the stack prod-aks-a, the way one writes them without a component, config or checks. It is what the
// time of `pulumi preview` is compared with, so it changes when the stack's resources do.
import { createHash } from "node:crypto";
import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as helm from "@pulumi/kubernetes/helm/v3/index.js";
import * as networking from "@pulumi/kubernetes/networking/v1/index.js";
import * as k8s from "@pulumi/kubernetes/provider.js";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const azureProvider = new azure.Provider("azure", { subscriptionId: "00000000-0000-0000-0000-000000000000" });
const credentials = containerservice.listManagedClusterUserCredentialsOutput(
  { resourceGroupName: "rg-prod-aks-a", resourceName: "prod-aks-a", format: "exec" },
  { provider: azureProvider },
);
const kubernetesProvider = new k8s.Provider("kubernetes", {
  kubeconfig: pulumi.secret(
    credentials.apply(({ kubeconfigs }) =>
      Buffer.from(kubeconfigs[0]?.value ?? "", "base64")
        .toString("utf8")
        .replace(/ *- --client-id\n.*\n/, "")
        .replace("devicecode", "azurecli"),
    ),
  ),
  clusterIdentifier: "prod-aks-a",
});
const config = new pulumi.Config();
const minioProvider = new minio.Provider("minio", {
  minioServer: config.require("minioServer"),
  minioSsl: true,
  minioRegion: "us-east-1",
  minioCacertFile: config.require("caFile"),
});
const randomProvider = new random.Provider("random", {});
const nodePool = new containerservice.AgentPool(
  "logging-node-pool",
  {
    agentPoolName: "log0bbba082",
    availabilityZones: ["1", "2", "3"],
    count: 3,
    enableAutoScaling: true,
    kubeletConfig: {
      containerLogMaxFiles: 5,
      containerLogMaxSizeMB: 50,
    },
    maxCount: 5,
    maxPods: 60,
    minCount: 3,
    mode: "User",
    nodeLabels: {
      workload: "logging",
    },
    nodeTaints: ["workload=logging:NoSchedule"],
    osDiskSizeGB: 128,
    osDiskType: "Managed",
    osSKU: "Ubuntu",
    osType: "Linux",
    resourceGroupName: "rg-prod-aks-a",
    resourceName: "prod-aks-a",
    tags: {},
    type: "VirtualMachineScaleSets",
    upgradeSettings: {
      drainTimeoutInMinutes: 30,
      maxSurge: "1",
    },
    vmSize: "Standard_D4s_v5",
    vnetSubnetID:
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-prod-aks-a/providers/Microsoft.Network/virtualNetworks/vnet-prod-aks-a/subnets/snet-logging",
  },
  { provider: azureProvider, ignoreChanges: ["count"] },
);
const _bucket = new minio.S3Bucket(
  "logging-bucket",
  {
    acl: "private",
    bucket: "loki-prod-aks-a",
    forceDestroy: false,
  },
  { provider: minioProvider, protect: true },
);
const bucketPolicy = new minio.IamPolicy(
  "logging-bucket-policy",
  {
    name: "loki-prod-aks-a",
    policy:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::loki-prod-aks-a"]},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::loki-prod-aks-a/*"]},{"Effect":"Deny","Action":["admin:*"]}]}',
  },
  { provider: minioProvider },
);
const bucketSecretKey = new random.RandomPassword(
  "logging-bucket-secret-key",
  {
    keepers: {
      generation: "1",
    },
    length: 40,
    special: false,
  },
  { provider: randomProvider },
);
const bucketUser = new minio.IamUser(
  "logging-bucket-user",
  {
    name: "loki-prod-aks-a-1",
    secret: bucketSecretKey.result,
  },
  { provider: minioProvider },
);
const bucketUserPolicy = new minio.IamUserPolicyAttachment(
  "logging-bucket-user-policy",
  {
    userName: bucketUser.name,
    policyName: bucketPolicy.name,
  },
  { provider: minioProvider },
);
const namespace = new core.Namespace(
  "logging-namespace",
  {
    metadata: {
      labels: {
        "pod-security.kubernetes.io/audit": "baseline",
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/warn": "baseline",
      },
      name: "logging",
    },
  },
  { provider: kubernetesProvider },
);
const allowAlloyToGateway = new networking.NetworkPolicy(
  "logging-allow-alloy-to-gateway",
  {
    metadata: {
      name: "allow-alloy-to-gateway",
      namespace: "logging",
    },
    spec: {
      egress: [
        {
          ports: [
            {
              port: 8080,
              protocol: "TCP",
            },
          ],
          to: [
            {
              podSelector: {
                matchLabels: {
                  "app.kubernetes.io/component": "gateway",
                  "app.kubernetes.io/instance": "loki",
                },
              },
            },
          ],
        },
      ],
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/instance": "alloy",
        },
      },
      policyTypes: ["Egress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const allowDns = new networking.NetworkPolicy(
  "logging-allow-dns",
  {
    metadata: {
      name: "allow-dns",
      namespace: "logging",
    },
    spec: {
      egress: [
        {
          ports: [
            {
              port: 53,
              protocol: "UDP",
            },
            {
              port: 53,
              protocol: "TCP",
            },
          ],
          to: [
            {
              namespaceSelector: {
                matchLabels: {
                  "kubernetes.io/metadata.name": "kube-system",
                },
              },
              podSelector: {
                matchLabels: {
                  "k8s-app": "kube-dns",
                },
              },
            },
            {
              ipBlock: {
                cidr: "169.254.10.0/24",
              },
            },
          ],
        },
      ],
      podSelector: {},
      policyTypes: ["Egress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const allowLokiToItself = new networking.NetworkPolicy(
  "logging-allow-loki-to-itself",
  {
    metadata: {
      name: "allow-loki-to-itself",
      namespace: "logging",
    },
    spec: {
      egress: [
        {
          to: [
            {
              podSelector: {
                matchLabels: {
                  "app.kubernetes.io/instance": "loki",
                },
              },
            },
          ],
        },
      ],
      ingress: [
        {
          from: [
            {
              podSelector: {
                matchLabels: {
                  "app.kubernetes.io/instance": "loki",
                },
              },
            },
          ],
        },
      ],
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/instance": "loki",
        },
      },
      policyTypes: ["Ingress", "Egress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const allowLokiToObjectStorage = new networking.NetworkPolicy(
  "logging-allow-loki-to-object-storage",
  {
    metadata: {
      name: "allow-loki-to-object-storage",
      namespace: "logging",
    },
    spec: {
      egress: [
        {
          ports: [
            {
              port: 9000,
              protocol: "TCP",
            },
          ],
          to: [
            {
              ipBlock: {
                cidr: "10.20.0.10/32",
              },
            },
          ],
        },
      ],
      podSelector: {
        matchExpressions: [
          {
            key: "app.kubernetes.io/component",
            operator: "In",
            values: ["write", "read", "backend"],
          },
        ],
        matchLabels: {
          "app.kubernetes.io/instance": "loki",
        },
      },
      policyTypes: ["Egress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const allowToGateway = new networking.NetworkPolicy(
  "logging-allow-to-gateway",
  {
    metadata: {
      name: "allow-to-gateway",
      namespace: "logging",
    },
    spec: {
      ingress: [
        {
          from: [
            {
              podSelector: {
                matchLabels: {
                  "app.kubernetes.io/instance": "alloy",
                },
              },
            },
            {
              namespaceSelector: {
                matchLabels: {
                  "kubernetes.io/metadata.name": "monitoring",
                },
              },
            },
          ],
          ports: [
            {
              port: 8080,
              protocol: "TCP",
            },
          ],
        },
      ],
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/component": "gateway",
          "app.kubernetes.io/instance": "loki",
        },
      },
      policyTypes: ["Ingress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const denyAll = new networking.NetworkPolicy(
  "logging-deny-all",
  {
    metadata: {
      name: "deny-all",
      namespace: "logging",
    },
    spec: {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const minioCredentials = new core.Secret(
  "logging-minio-credentials",
  {
    immutable: true,
    metadata: {
      namespace: "logging",
    },
    stringData: {
      MINIO_ACCESS_KEY: bucketUserPolicy.userName,
      MINIO_SECRET_KEY: bucketSecretKey.result,
    },
    type: "Opaque",
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const gatewayPassword1 = new random.RandomPassword(
  "logging-gateway-password-1",
  {
    length: 40,
    special: false,
  },
  { provider: randomProvider },
);
const gatewayHtpasswd = new core.Secret(
  "logging-gateway-htpasswd",
  {
    immutable: true,
    metadata: {
      namespace: "logging",
    },
    stringData: {
      ".htpasswd": gatewayPassword1.result.apply(
        (text) => `logging-1:{SSHA}${createHash("sha1").update(text).digest("base64")}`,
      ),
    },
    type: "Opaque",
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const gatewayLogin = new core.Secret(
  "logging-gateway-login",
  {
    immutable: true,
    metadata: {
      namespace: "logging",
    },
    stringData: {
      LOKI_USERNAME: "logging-1",
      LOKI_PASSWORD: gatewayPassword1.result,
    },
    type: "Opaque",
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const minioCa = new core.ConfigMap(
  "logging-minio-ca",
  {
    data: {
      "ca.crt":
        "-----BEGIN CERTIFICATE-----\nMIIB6TCCAY6gAwIBAgIUdBojVtk5cWRH4QUCp4KMYCeTnYwwCgYIKoZIzj0EAwIw\nQDEYMBYGA1UECgwPRXhhbXBsZSBDb21wYW55MSQwIgYDVQQDDBtFeGFtcGxlIENv\nbXBhbnkgaW50ZXJuYWwgQ0EwHhcNMjYxMTIzMjM0NTIwWhcNNDYxMTE4MjM0NTIw\nWjBAMRgwFgYDVQQKDA9FeGFtcGxlIENvbXBhbnkxJDAiBgNVBAMMG0V4YW1wbGUg\nQ29tcGFueSBpbnRlcm5hbCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCFi\n2jTqGV6gQ+qa/eLcICuXeRT71YFBGQNCE4VWDgLCZppUAsaK9BxGqEmwxXbLwU0j\nUiTw7F9BtLcvNWs+1C2jZjBkMB0GA1UdDgQWBBTr+IX3j2Zaav73CHIj4qjGMs3q\nGDAfBgNVHSMEGDAWgBTr+IX3j2Zaav73CHIj4qjGMs3qGDAOBgNVHQ8BAf8EBAMC\nAQYwEgYDVR0TAQH/BAgwBgEB/wIBATAKBggqhkjOPQQDAgNJADBGAiEAvUmB3kGw\n9G63tQx468o3anIr2+9V3rlghWJ7w5B63KgCIQCRHSIwCFh8E/JDeWCpDkeruaz7\ne8orr438mk8gEK2Ksg==\n-----END CERTIFICATE-----\n",
    },
    immutable: true,
    metadata: {
      namespace: "logging",
    },
  },
  { provider: kubernetesProvider, dependsOn: [namespace] },
);
const loki = new helm.Release(
  "logging-loki",
  {
    atomic: false,
    chart: config.get("lokiChart") ?? "loki",
    cleanupOnFail: true,
    createNamespace: false,
    maxHistory: 5,
    name: "loki",
    namespace: "logging",

    skipAwait: false,
    timeout: 1800,
    values: {
      backend: {
        automountServiceAccountToken: false,
        persistence: {
          enableStatefulSetAutoDeletePVC: false,
          size: "20Gi",
          storageClass: "managed-csi-premium",
        },
        replicas: 2,
        resources: {
          limits: {
            cpu: "2",
            memory: "4Gi",
          },
          requests: {
            cpu: "1",
            memory: "2Gi",
          },
        },
        topologySpreadConstraints: [
          {
            labelSelector: {
              matchLabels: {
                "app.kubernetes.io/component": "backend",
                "app.kubernetes.io/instance": "loki",
                "app.kubernetes.io/name": "loki",
              },
            },
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "ScheduleAnyway",
          },
        ],
      },
      chunksCache: {
        allocatedCPU: "200m",
        allocatedMemory: 1024,
        enabled: true,
        nodeSelector: {
          workload: "logging",
        },
        tolerations: [
          {
            effect: "NoSchedule",
            key: "workload",
            operator: "Equal",
            value: "logging",
          },
        ],
      },
      defaults: {
        automountServiceAccountToken: false,
        extraEnvFrom: [
          {
            secretRef: {
              name: minioCredentials.metadata.name,
            },
          },
        ],
        extraVolumeMounts: [
          {
            mountPath: "/etc/loki/ca",
            name: "minio-ca",
            readOnly: true,
          },
        ],
        extraVolumes: [
          {
            configMap: {
              name: minioCa.metadata.name,
            },
            name: "minio-ca",
          },
        ],
        nodeSelector: {
          workload: "logging",
        },
        tolerations: [
          {
            effect: "NoSchedule",
            key: "workload",
            operator: "Equal",
            value: "logging",
          },
        ],
      },
      deploymentMode: "SimpleScalable",
      gateway: {
        basicAuth: {
          enabled: true,
          existingSecret: gatewayHtpasswd.metadata.name,
        },
        nginxConfig: {
          httpSnippet:
            "map $uri $offered {\n  default 0;\n  / 1;\n  /stub_status 1;\n  ~^/loki/api/v1/(push|query|query_range|labels?|series|index|tail|patterns|detected_labels|detected_fields?|format_query|drilldown-limits|status/buildinfo)(/|$) 1;\n}",
          serverSnippet:
            "if ($offered = 0) { rewrite ^ /not-offered last; }\nlocation = /not-offered { internal; try_files /nothing =404; }",
        },
        deploymentStrategy: {
          rollingUpdate: {
            maxSurge: 0,
            maxUnavailable: 1,
          },
          type: "RollingUpdate",
        },
        metrics: {
          resources: {
            limits: {
              memory: "64Mi",
            },
            requests: {
              cpu: "10m",
              memory: "32Mi",
            },
          },
        },
        nodeSelector: {
          workload: "logging",
        },
        podAnnotations: { "logging/gateway-credentials-generation": "1" },
        podDisruptionBudget: {
          maxUnavailable: 1,
        },
        replicas: 2,
        resources: {
          limits: {
            memory: "256Mi",
          },
          requests: {
            cpu: "100m",
            memory: "64Mi",
          },
        },
        tolerations: [
          {
            effect: "NoSchedule",
            key: "workload",
            operator: "Equal",
            value: "logging",
          },
        ],
        topologySpreadConstraints: [
          {
            labelSelector: {
              matchLabels: {
                "app.kubernetes.io/component": "gateway",
                "app.kubernetes.io/instance": "loki",
                "app.kubernetes.io/name": "loki",
              },
            },
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "ScheduleAnyway",
          },
        ],
        verboseLogging: false,
      },
      loki: {
        analytics: {
          reporting_enabled: false,
        },
        auth_enabled: false,
        commonConfig: {
          path_prefix: "/var/loki",
          replication_factor: 3,
        },
        compactor: {
          compaction_interval: "10m",
          delete_request_store: "s3",
          deletion_marker_object_store_prefix: "markers/",
          retention_delete_delay: "2h",
          retention_enabled: true,
          working_directory: "/var/loki/compactor",
        },
        extraMemberlistConfig: {
          cluster_label: "prod-aks-a",
        },
        ingester: {
          autoforget_unhealthy: true,
          chunk_encoding: "zstd",
          chunk_target_size: 1572864,
          max_chunk_age: "4h",
          sync_period: "0s",
          wal: {
            dir: "/var/loki/wal",
            enabled: true,
            flush_on_shutdown: true,
            replay_memory_ceiling: "3072MB",
          },
        },
        limits_config: {
          allow_structured_metadata: true,
          deletion_mode: "disabled",
          ingestion_burst_size_mb: 100,
          ingestion_rate_mb: 50,
          max_global_streams_per_user: 20000,
          max_line_size_truncate: true,
          max_query_lookback: "336h",
          per_stream_rate_limit: "5MB",
          per_stream_rate_limit_burst: "20MB",
          reject_old_samples: true,
          reject_old_samples_max_age: "168h",
          retention_period: "336h",
          shard_streams: {
            enabled: false,
            time_sharding_enabled: true,
            time_sharding_ignore_recent: "0s",
          },
        },
        querier: { query_ingesters_within: "6h" },
        schemaConfig: {
          configs: [
            {
              from: "2025-01-01",
              index: {
                period: "24h",
                prefix: "loki_index_",
              },
              object_store: "s3",
              schema: "v13",
              store: "tsdb",
            },
          ],
        },
        storage: {
          bucketNames: {
            chunks: "loki-prod-aks-a",
          },
          s3: {
            accessKeyId: "${MINIO_ACCESS_KEY}",
            endpoint: "https://minio.internal.company:9000",
            http_config: {
              ca_file: "/etc/loki/ca/ca.crt",
            },
            insecure: false,
            region: "us-east-1",
            s3ForcePathStyle: true,
            secretAccessKey: "${MINIO_SECRET_KEY}",
          },
          type: "s3",
        },
        storage_config: {
          hedging: {
            at: "0s",
          },
        },
      },
      lokiCanary: {
        enabled: false,
      },
      memberlist: {
        service: {
          publishNotReadyAddresses: true,
        },
      },
      memcachedExporter: {
        resources: {
          limits: {
            memory: "64Mi",
          },
          requests: {
            cpu: "10m",
            memory: "32Mi",
          },
        },
      },
      minio: {
        enabled: false,
      },
      networkPolicy: {
        enabled: false,
      },
      rbac: {
        namespaced: true,
      },
      read: {
        replicas: 3,
        resources: {
          limits: {
            cpu: "2",
            memory: "4Gi",
          },
          requests: {
            cpu: "1",
            memory: "2Gi",
          },
        },
        topologySpreadConstraints: [
          {
            labelSelector: {
              matchLabels: {
                "app.kubernetes.io/component": "read",
                "app.kubernetes.io/instance": "loki",
                "app.kubernetes.io/name": "loki",
              },
            },
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "ScheduleAnyway",
          },
        ],
      },
      resultsCache: {
        allocatedCPU: "100m",
        allocatedMemory: 256,
        enabled: true,
        nodeSelector: {
          workload: "logging",
        },
        tolerations: [
          {
            effect: "NoSchedule",
            key: "workload",
            operator: "Equal",
            value: "logging",
          },
        ],
      },
      ruler: {
        enabled: false,
      },
      serviceAccount: {
        automountServiceAccountToken: false,
      },
      sidecar: {
        rules: {
          enabled: false,
        },
      },
      test: {
        enabled: false,
      },
      write: {
        persistence: {
          enableStatefulSetAutoDeletePVC: false,
          size: "50Gi",
          storageClass: "managed-csi-premium",
        },
        replicas: 3,
        resources: {
          limits: {
            cpu: "2",
            memory: "4Gi",
          },
          requests: {
            cpu: "1",
            memory: "2Gi",
          },
        },
        topologySpreadConstraints: [
          {
            labelSelector: {
              matchLabels: {
                "app.kubernetes.io/component": "write",
                "app.kubernetes.io/instance": "loki",
                "app.kubernetes.io/name": "loki",
              },
            },
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "ScheduleAnyway",
          },
        ],
      },
    },
    version: "18.11.0",
  },
  {
    provider: kubernetesProvider,
    dependsOn: [
      nodePool,
      allowAlloyToGateway,
      allowDns,
      allowLokiToItself,
      allowLokiToObjectStorage,
      allowToGateway,
      denyAll,
    ],
  },
);
const alloy = new helm.Release(
  "logging-alloy",
  {
    atomic: false,
    chart: config.get("alloyChart") ?? "alloy",
    cleanupOnFail: true,
    createNamespace: false,
    maxHistory: 5,
    name: "alloy",
    namespace: "logging",

    skipAwait: false,
    skipCrds: true,
    timeout: 1800,
    values: {
      alloy: {
        command: [
          "/bin/bash",
          "-c",
          '\nstorage=/var/lib/alloy\nlogs=/var/log/pods\npositions=$storage/loki.source.file.pods/positions.yml\nwal=$storage/loki.write.gateway/wal\nreading=$storage/reading\ndelivered=$storage/delivered\nseen=$storage/seen\nalloy=$BASHPID\nreplay=$storage/replay\nahead=4096\nlongest=$((1024 * 1024))\n\nsay() {\n\tlocal -x TZ=UTC\n\tprintf \'ts=%(%FT%TZ)T level=info component=start msg="%s"\\n\' -1 "$1" >&2\n}\ncounts() {\n\t(\n\t\texec 3<>/dev/tcp/127.0.0.1/12345 || exit\n\t\tprintf \'GET /metrics HTTP/1.0\\r\\n\\r\\n\' >&3\n\t\tawk \'/^loki_write_wal_watcher_records_read_total/ { out += $NF / 2 }\n\t\t\t/^loki_write_(sent|dropped)_entries_total/ { sent += $NF }\n\t\t\t/^loki_write_wal_watcher_segment_read_total/ { reads += $NF }\n\t\t\t/^loki_write_wal_watcher_current_segment/ { segment = $NF }\n\t\t\tEND { printf "%.0f %.0f %.0f %.0f\\n", out, sent, reads, segment }\' <&3\n\t) 2>/dev/null\n}\nfiles() { printf -- \'-\\t%s\\n\' "$logs"/*/*/*.log "$logs"/*/*/*.log.* | sed \'s/\\.gz$//; /\\.tmp$/d; /\\*/d\'; }\nnote_reading() {\n\t[ -e "$reading.before" ] && mv "$reading.before" "$reading.older"\n\tmv "$reading.new" "$reading.before"\n\tmapfile names < <(files)\n\t{\n\t\tprintf %s "${names[@]}"\n\t\topen_files\n\t} | awk -F \'\\t\' \'\n\t\t{ container = $2; sub(/\\.log\\.[^\\/]*$/, ".log", container) }\n\t\t!now { before[container] = before[container] $0 "\\n"; if ($1 != "-") was_open[container] = 1; next }\n\t\t{ rows[container] = rows[container] $0 "\\n"; if ($1 != "-") is_open[container] = 1 }\n\t\tEND { for (c in rows) printf "%s", is_open[c] || !was_open[c] ? rows[c] : before[c] }\n\t\' now=0 "$reading.before" now=1 - >"$reading.new"\n\tadd_to_list "$seen"\n\tadd_to_list "$seen.new"\n}\nopen_files() {\n\t{\n\t\tfind -L "/proc/$alloy/fd" -type f -printf \'%f %s\\n\'\n\t\tfind "/proc/$alloy/fd" \\( -lname "$logs/*" -o -lname "$replay/*" \\) -printf \'%f %l\\n\'\n\t} 2>/dev/null | awk -v fdinfo="/proc/$alloy/fdinfo/" -v ahead="$ahead" \'\n\t\t$2 !~ /^\\// { size[$1] = $2; next }\n\t\t{\n\t\t\tat = -1\n\t\t\twhile ((getline line < (fdinfo $1)) > 0) if (line ~ /^pos:/) { split(line, field); at = field[2] }\n\t\t\tclose(fdinfo $1)\n\t\t\tif (at < 0) next\n\t\t\tif (at < size[$1]) at = at > ahead ? at - ahead : 0\n\t\t\tsub(/^[^ ]+ /, "")\n\t\t\tsub(/ \\(deleted\\)$/, "")\n\t\t\tprint at "\\t" $0\n\t\t}\'\n}\nadd_to_list() {\n\t[ -e "$1" ] || return\n\t{ printf %s "${names[@]}" && cat "$reading.new"; } | cut -f2 | sort -u - "$1" >"$1.tmp" && mv "$1.tmp" "$1"\n}\nlast_segment() {\n\tlocal newest\n\tnewest=$(printf \'%s\\n\' "$wal"/[0-9]* | tail -n 1)\n\tnewest=${newest##*/}\n\tcase $newest in *[!0-9]*) echo 0 ;; *) echo $((10#$newest)) ;; esac\n}\nstep=0\nnote_delivered() {\n\tlocal out sent reads segment\n\t[ $((noted_rounds++)) -gt 0 ] || return\n\tcp -p "$reading.before" "$reading.part" && mv "$reading.part" "$reading"\n\tread -r out sent reads segment < <(counts)\n\t[ "${out:-0}" -gt 0 ] && [ -s "$reading" ] || return\n\tcase $step in\n\t1) [ "$segment" -ge "$last" ] && [ "$reads" -ge $((reads_before + 2)) ] && wanted=$out step=2 ;;\n\t2) [ "$sent" -ge "$wanted" ] && mv "$delivered.new" "$delivered" && mv "$seen.new" "$seen" && step=0 ;;\n\tesac\n\tif [ $step = 0 ]; then\n\t\tcut -f2 "$reading" >"$seen.new"\n\t\tadd_to_list "$seen.new"\n\t\tlast=$(last_segment) reads_before=$reads\n\t\tcp -p "$reading" "$delivered.new" && step=1\n\tfi\n}\nmarked() {\n\tlocal hex\n\thex=$(od -An -tx1 -j2 -N8 "$wal/remote/segment_marker" 2>/dev/null | tr -d \' \\n\')\n\tif [ ${#hex} = 16 ]; then echo $((16#$hex)); else echo -2; fi\n}\nremove_delivered() {\n\tlocal keep segment\n\tkeep=$(($(marked) - 1))\n\tfor segment in "$wal"/[0-9]*; do\n\t\t[ -e "$segment" ] && [ $((10#${segment##*/})) -lt $keep ] && rm -f "$segment"\n\tdone\n}\nkeep_within_limit() {\n\tlocal segments\n\twhile [ "$(du -sk "$wal" 2>/dev/null | cut -f1)" -gt $((LOGGING_BUFFER_MIB * 1024)) ] 2>/dev/null; do\n\t\tsegments=("$wal"/[0-9]*)\n\t\t[ ${#segments[@]} -gt 1 ] && rm -f "${segments[0]}" || break\n\t\tsay "LOST: the buffer is larger than $LOGGING_BUFFER_MIB MiB, removed its oldest segment ${segments[0]##*/}"\n\tdone\n}\nremove_copies() {\n\tfind "$replay" -type f -mmin +10 -delete 2>/dev/null\n\tfind "$replay" -mindepth 1 -depth -type d -empty -delete 2>/dev/null\n}\n\ntidy() {\n\tremove_copies\n\tremove_delivered\n\tkeep_within_limit\n}\ndeclare -A noted=()\ndeclare -A unfinished=()\ndeclare -A unopened=()\n\nload() {\n\tlocal offset file\n\tnoted=()\n\t[ -s "$1" ] || return\n\twhile IFS=$\'\\t\' read -r offset file; do noted[$file]=$offset; done <"$1"\n}\nfiles_are_whole() {\n\tlocal file\n\twhile read -r file; do\n\t\t[[ ${file##*/} = *.log.* && ${noted[$file]:-} = - ]] && continue\n\t\t[ -e "$file" ] || [ -e "$file.gz" ] || { say "needs the buffer: $file is gone"; return 1; }\n\tdone <"$seen"\n}\nrewind_buffer() {\n\tremove_delivered\n\t[ -d "$wal/remote" ] && printf \'01\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\x81\\x52\\x0e\\x3c\' >"$wal/remote/segment_marker"\n}\nwhole_line() {\n\tlocal from=$(($2 > longest ? $2 - longest : 0))\n\ttail -c +$((from + 1)) "$1" | LC_ALL=C awk -v from="$from" -v upto="$2" \'\n\t\tBEGIN { at = whole = from }\n\t\t{ at += length($0) + 1 }\n\t\tat > upto { exit }\n\t\t$3 == "F" && (NR > 1 || from == 0) { whole = at }\n\t\tEND { printf "%.0f\\n", whole }\'\n}\nline_end() {\n\tlocal from=$2 size whole\n\tsize=$(stat -c %s "$1") || return\n\t[ "$from" -gt "$size" ] && from=$size\n\twhole=$(whole_line "$1" "$from")\n\ttail -c +$((whole + 1)) "$1" | LC_ALL=C awk -v at="$whole" -v from="$from" \'\n\t\tBEGIN { if (at > 0 && at >= from) { found = 1; exit } }\n\t\t{ at += length($0) + 1 }\n\t\t$3 == "F" && at >= from { found = 1; exit }\n\t\tEND { if (!found) exit 1; printf "%.0f\\n", at }\'\n}\nends_in_part() {\n\tlocal line= flag\n\tIFS= read -r -n 80 line < <(tail -n 1)\n\tread -r _ _ flag _ <<<"$line"\n\t[ "$flag" = P ]\n}\nlast_parts() { LC_ALL=C awk \'$3 == "F" { parts = ""; next } { parts = parts $0 "\\n" } END { printf "%s", parts }\'; }\nopen_rotated() {\n\t[ -z "${opened:-}" ] || exec {opened}<&-\n\tif { exec {opened}<"$1"; } 2>/dev/null; then\n\t\tcontent=/dev/fd/$opened\n\telse\n\t\topened= content=$replay/${2:-content}\n\t\tgzip -cd "$1.gz" >"$content" 2>/dev/null\n\tfi\n}\ncopy_rotated() {\n\tlocal current=$1 upto=${2:-0} copy content file offset parts last= before= files=()\n\tcopy=$replay${current#"$logs"}\n\tcopy=${copy%.log}.$EPOCHSECONDS.$((copies++)).log\n\tfor file in "$current".*; do\n\t\tfile=${file%.gz}\n\t\tcase $file in *.tmp | *\'.*\' | "$last") continue ;; esac\n\t\tlast=$file\n\t\tif [ ${#files[@]} = 0 ] && [ "${noted[$file]:-}" = - ]; then before=$file; else files+=("$file"); fi\n\tdone\n\toffset=${noted[${files[0]:-$current}]:-${noted[$current]:-0}}\n\t[ "$offset" = - ] && offset=0\n\tfor file in "${files[@]}"; do\n\t\topen_rotated "$file" || continue\n\t\tbegin "$content"\n\t\ttail -c +$((REPLY + 1)) "$content" >>"$copy"\n\t\tbefore= offset=0\n\tdone\n\tbegin "$current"\n\t[ -s "$copy" ] || return\n\tsay "reads again of what was rotated away: ${files[*]:-$before}"\n\tif [ "$upto" -gt 0 ] || ends_in_part <"$copy"; then\n\t\tunfinished[$current]=$copy\n\t\tcopy_beginning "$current" "$upto"\n\tfi\n}\nbegin() {\n\tREPLY=0\n\t[ "$offset" -gt 0 ] && REPLY=$(whole_line "$1" "$offset")\n\t[ -d "${copy%/*}" ] || [ -z "$last" ] || mkdir -p "${copy%/*}"\n\tif [ "$REPLY" = 0 ] && [ -n "$before" ]; then\n\t\tparts=$(open_rotated "$before" before && ends_in_part <"$content" && last_parts <"$content")\n\t\t[ -z "$parts" ] || printf \'%s\\n\' "$parts" >>"$copy"\n\tfi\n}\ncopy_beginning() {\n\tREPLY=$(line_end "$1" "$2") || { REPLY=0 && return 1; }\n\thead -c "$REPLY" "$1" >>"${unfinished[$1]}"\n\tunset "unfinished[$1]"\n}\ncopy_skipped() {\n\tlocal offset file\n\t[ ${#unopened[@]} -gt 0 ] || return 0\n\twhile IFS=$\'\\t\' read -r offset file; do\n\t\t[[ ${file##*/} = *.log.* ]] && file=${file%.log.*}.log\n\t\t[ "$offset" != - ] && [ -n "${unopened[$file]:-}" ] || continue\n\t\tif [ -n "${unfinished[$file]:-}" ]; then\n\t\t\tcopy_beginning "$file" "${noted[$file]}"\n\t\telif rotated_since "$file"; then\n\t\t\tcopy_rotated "$file" "${noted[$file]}"\n\t\tfi\n\t\t[ -n "${unfinished[$file]:-}" ] || unset "unopened[$file]"\n\t\twaited=0\n\tdone <"$reading.new"\n\tif [ ${#unopened[@]} -gt 0 ]; then\n\t\t[ $((waited += 1)) -gt 3 ] || return\n\t\tsay "Alloy has not opened ${#unopened[@]} of $count files"\n\t\tunopened=()\n\tfi\n}\nrotated_since() {\n\tlocal file\n\tfor file in "$1".*; do\n\t\tcase $file in *.tmp | *\'.*\') continue ;; esac\n\t\t[ -n "${noted[${file%.gz}]:-}" ] || return 0\n\tdone\n\treturn 1\n}\ncopy_ends() {\n\tlocal offset file written renamed\n\tlocal -A noted=() unfinished=()\n\twhile IFS=$\'\\t\' read -r offset file; do\n\t\tread -r written renamed < <(stat -c \'%.9Y %.9Z\' "$file" 2>/dev/null)\n\t\t[ "${written:-}" = "${renamed:-}" ] || continue\n\t\tload "$reading.before"\n\t\tnoted[$file]=$(since_moment "$file" "$offset")\n\t\tcopy_rotated "${file%.log.*}.log"\n\tdone < <(awk -F \'\\t\' \'\n\t\tNR == FNR { at[$2] = $1; next }\n\t\t$2 ~ /\\.log\\.[^\\/]*$/ && !($2 in at) {\n\t\t\tfile = $2\n\t\t\tsub(/\\.log\\.[^\\/]*$/, ".log", file)\n\t\t\tprint at[file] + 0 "\\t" $2\n\t\t\tat[file] = 0\n\t\t}\' "$reading.older" "$reading.before" 2>/dev/null)\n}\nsince_moment() {\n\tlocal moment=${1##*.log.} content\n\topen_rotated "$1" && tail -c +$(($2 + 1)) "$content" | LC_ALL=C awk -v at="$2" -v moment="${moment:0:15}" \'\n\t\t{ time = substr($1, 1, 19); gsub(/[-:]/, "", time); sub(/T/, "-", time) }\n\t\ttime >= moment && (NR > 1 || at == 0) { exit }\n\t\t{ at += length($0) + 1 }\n\t\tEND { printf "%.0f\\n", at }\'\n}\n\nrewind() {\n\tlocal from=$reading file\n\tcount=0\n\tmkdir -p "$replay"\n\tfiles >"$reading.new"\n\tremove_copies\n\tif load "$delivered" && files_are_whole; then\n\t\tfrom=$delivered\n\t\tcp -p "$delivered" "$reading"\n\t\trm -rf "$wal"\n\telse\n\t\trewind_buffer\n\t\tload "$reading" || return\n\tfi\n\tdeclare -A position=()\n\t{\n\t\techo "positions:"\n\t\tfor file in "$logs"/*/*/*.log "$replay"/*/*/*.log; do\n\t\t\t[ -e "$file" ] || continue\n\t\t\tcopy_rotated "$file"\n\t\t\tposition[$file]=$REPLY\n\t\t\t[ "$REPLY" -gt 0 ] && printf "  ? path: %s\\n    labels: \'{}\'\\n  : \\"%s\\"\\n" "$file" "$REPLY"\n\t\t\tcount=$((count + 1))\n\t\tdone\n\t} >"$positions.new"\n\tmv "$positions.new" "$positions"\n\trm -f "$replay/content" "$replay/before"\n\tload "$reading.new"\n\tfor file in "${!position[@]}"; do noted[$file]=${position[$file]} unopened[$file]=1; done\n\tsay "put back $count files to what had arrived $((EPOCHSECONDS - $(stat -c %Y "$from"))) s ago, by ${from##*/}"\n}\n\nrewind\nrm -f "$reading.before" "$reading.older" "$delivered.new" "$seen.new"\nwhile sleep 3; do\n\tnote_reading\n\tcopy_ends\n\tcopy_skipped && note_delivered\n\t[ $((round++ % 5)) = 0 ] && tidy\ndone &\nexec /bin/alloy "$@"\n',
          "alloy",
        ],
        configMap: {
          content:
            '// Reads the log files of all containers on this node and sends them to the cluster\'s own Loki.\n// What differs between clusters comes from the environment: LOGGING_CLUSTER, LOGGING_ENVIRONMENT, LOGGING_EXCLUDE,\n// LOGGING_PUSH_URL, LOGGING_LINES_PER_SECOND, LOGGING_LINES_AT_ONCE, LOKI_USERNAME, LOKI_PASSWORD. start.sh, which starts Alloy, knows the names of the two components that keep\n// something on disk.\n\nlogging {\n\tlevel  = "info"\n\tformat = "logfmt"\n}\n\n// By path alone, not through the Kubernetes API: a file\'s position survives the deletion of its pod, the API server is not\n// asked for anything, and Alloy needs no rights. The labels of a target must never change: they are part of the position\'s key.\nloki.source.file "pods" {\n\ttargets = [{\n\t\t// The second folder is start.sh\'s: what was rotated while Alloy was away.\n\t\t__path__         = "/var/{log/pods,lib/alloy/replay}/*/*/*.log",\n\t\t__path_exclude__ = sys.env("LOGGING_EXCLUDE"),\n\t}]\n\tforward_to = [loki.process.pods.receiver]\n\n\tfile_match {\n\t\tenabled     = true\n\t\tsync_period = "5s"\n\t}\n}\n\nloki.process "pods" {\n\tforward_to = [loki.write.gateway.receiver]\n\n\tstage.regex {\n\t\tsource     = "filename"\n\t\texpression = "^/var/(?:log/pods|lib/alloy/replay)/(?P<namespace>[^_]+)_(?P<pod>[^_]+)_(?P<pod_uid>[^/]+)/(?P<container>[^/]+)/"\n\t}\n\n\t// Joins what containerd split at 16 KB, by the labels of the line: so it has to run while `filename` still is one. The\n\t// default of 100 open lines is for the whole node.\n\tstage.cri {\n\t\tmax_partial_lines = 1000\n\t}\n\n\t// A container that floods would fill Loki\'s limits and the node\'s buffer, and its neighbours would lose lines. Everything that is\n\t// dropped is counted: loki_process_dropped_lines_by_label_total has the file\'s name.\n\tstage.limit {\n\t\trate          = encoding.from_json(sys.env("LOGGING_LINES_PER_SECOND"))\n\t\tburst         = encoding.from_json(sys.env("LOGGING_LINES_AT_ONCE"))\n\t\tby_label_name = "filename"\n\t\tdrop          = true\n\t}\n\n\t// Loki refuses lines older than this, and with them the whole batch they are in.\n\tstage.drop {\n\t\tolder_than          = "168h"\n\t\tdrop_counter_reason = "older_than_loki_accepts"\n\t}\n\n\t// Both spellings, as applications write them. The line itself stays as it was.\n\tstage.json {\n\t\texpressions = {\n\t\t\tlevel   = "Level || level",\n\t\t\tmessage = "Message || message",\n\t\t}\n\t}\n\n\tstage.labels {\n\t\tvalues = {\n\t\t\tnamespace = "",\n\t\t\tcontainer = "",\n\t\t}\n\t}\n\n\t// Values without bounds are no labels: each one would make a stream of its own.\n\tstage.structured_metadata {\n\t\tvalues = {\n\t\t\tpod     = "",\n\t\t\tpod_uid = "",\n\t\t\tlevel   = "",\n\t\t\tstream  = "",\n\t\t}\n\t}\n\n\tstage.label_drop {\n\t\tvalues = ["filename", "stream"]\n\t}\n}\n\nloki.write "gateway" {\n\t// The node, because what several of them put into one stream reaches the three writers in different orders: their chunks differ, and\n\t// MinIO keeps each (bench/results/pipeline-compared.md). The chart sets HOSTNAME to the node\'s name.\n\texternal_labels = {\n\t\tcluster = sys.env("LOGGING_CLUSTER"),\n\t\tenv     = sys.env("LOGGING_ENVIRONMENT"),\n\t\tnode    = sys.env("HOSTNAME"),\n\t}\n\n\t// A buffer on the node\'s disk, so that reading goes on while Loki is away. Without it Alloy waits, and skips every file that is\n\t// rotated twice meanwhile, although it is still there: 66,000 of 225,000 lines in 100 s at 1,500 lines/s. What bounds it is\n\t// its size (start.sh), not the age of what Loki would still take.\n\twal {\n\t\tenabled         = true\n\t\tmax_segment_age = "168h"\n\t\tdrain_timeout   = "5s"\n\t}\n\n\t// Tries for ever; the default gives up, and drops, after ten times. At most 30 s between two tries, or a node sleeps for minutes\n\t// after Loki is back.\n\tendpoint {\n\t\turl                 = sys.env("LOGGING_PUSH_URL")\n\t\tmax_backoff_retries = 0\n\t\tmax_backoff_period  = "30s"\n\t\tretry_on_http_429   = true\n\n\t\tbasic_auth {\n\t\t\tusername = sys.env("LOKI_USERNAME")\n\t\t\tpassword = sys.env("LOKI_PASSWORD")\n\t\t}\n\t}\n}\n',
        },
        enableReporting: false,
        envFrom: [
          {
            secretRef: {
              name: gatewayLogin.metadata.name,
            },
          },
        ],
        extraEnv: [
          {
            name: "LOGGING_CLUSTER",
            value: "prod-aks-a",
          },
          {
            name: "LOGGING_ENVIRONMENT",
            value: "prod",
          },
          {
            name: "LOGGING_EXCLUDE",
            value: "",
          },
          {
            name: "LOGGING_PUSH_URL",
            value: "http://loki-gateway.logging.svc.cluster.local/loki/api/v1/push",
          },
          {
            name: "LOGGING_BUFFER_MIB",
            value: "10240",
          },
          {
            name: "LOGGING_LINES_PER_SECOND",
            value: "5000",
          },
          {
            name: "LOGGING_LINES_AT_ONCE",
            value: "2000000",
          },
        ],
        mounts: {
          extra: [
            {
              mountPath: "/var/lib/alloy",
              name: "storage",
            },
          ],
          varlog: true,
        },
        resources: {
          limits: {
            memory: "1Gi",
          },
          requests: {
            cpu: "100m",
            memory: "256Mi",
          },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: {
            drop: ["ALL"],
          },
          readOnlyRootFilesystem: true,
          runAsGroup: 0,
          runAsUser: 0,
          seccompProfile: {
            type: "RuntimeDefault",
          },
        },
        storagePath: "/var/lib/alloy",
      },
      configReloader: {
        enabled: false,
      },
      controller: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    {
                      key: "kubernetes.io/os",
                      operator: "In",
                      values: ["linux"],
                    },
                    {
                      key: "type",
                      operator: "NotIn",
                      values: ["virtual-kubelet"],
                    },
                  ],
                },
              ],
            },
          },
        },
        podAnnotations: { "logging/gateway-credentials-generation": "1" },
        priorityClassName: "system-node-critical",
        terminationGracePeriodSeconds: 10,
        tolerations: [
          {
            operator: "Exists",
          },
        ],
        type: "daemonset",
        updateStrategy: {
          rollingUpdate: {
            maxUnavailable: "20%",
          },
          type: "RollingUpdate",
        },
        volumes: {
          extra: [
            {
              hostPath: {
                path: "/var/lib/alloy",
                type: "DirectoryOrCreate",
              },
              name: "storage",
            },
          ],
        },
      },
      crds: {
        create: false,
      },
      rbac: {
        create: false,
      },
      serviceAccount: {
        automountServiceAccountToken: false,
      },
    },
    version: "1.11.1",
  },
  { provider: kubernetesProvider, dependsOn: [loki] },
);
export const release = alloy.name;

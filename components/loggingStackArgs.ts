import type { Input } from "@pulumi/pulumi";

/** Arguments of one cluster's log platform. The same keys, with the same meaning, stand in `Pulumi.<stack>.yaml`. */
export interface LoggingStackArgs {
  /** The application cluster that the platform is for. */
  cluster: ClusterArgs;
  /**
   * The nodes that Loki runs on: a pool of its own, a pool that exists, or wherever there is room.
   * https://learn.microsoft.com/azure/aks/create-node-pools
   */
  nodePool: NodePoolArgs;
  /** The shared MinIO, and this cluster's bucket and user on it. https://min.io/docs/minio/linux/index.html */
  objectStorage: ObjectStorageArgs;
  /**
   * The Kubernetes namespace of everything in the cluster.
   * @default "logging"
   */
  namespace?: string;
  /**
   * Replicas, requests, disks, caches and limits for a usual load, by measured figures: `docs/sizing.md`. What `loki` and `alloy` say
   * wins over it. Write disks cannot be changed in place, so choose it before the first deploy.
   * @default - the defaults of `loki` and `alloy`
   */
  profile?: "small" | "medium" | "large";
  /** Who may talk to whom. Everything not named here is refused. */
  network?: NetworkArgs;
  /** Where container images come from. */
  images?: ImagesArgs;
  /** The log backend. https://grafana.com/docs/loki/latest/ */
  loki?: LokiArgs;
  /** The log agent on every node. https://grafana.com/docs/alloy/latest/ */
  alloy?: AlloyArgs;
}

/** The application cluster. */
export interface ClusterArgs {
  /**
   * The one name of the cluster: the Pulumi stack, the `cluster` label of every line, the bucket `loki-<name>` and the
   * memberlist label all carry it. Lower-case letters, digits and `-`, at most 40 characters.
   */
  name: string;
  /** The `env` label of every line: `prod`, `staging`, ... */
  environment: string;
  /**
   * ARM id of the AKS cluster: `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…`.
   * Needed to create a node pool and to get the cluster's credentials from Azure.
   * @default - none: a cluster reached by a kubeconfig, on a pool that exists
   */
  resourceId?: string;
}

/** The logging nodes, by `mode`. */
export type NodePoolArgs = CreatedNodePoolArgs | ExistingNodePoolArgs | NoNodePoolArgs;

/** A node pool that this stack creates on the cluster. Label and taint are `workload=logging`. */
export interface CreatedNodePoolArgs {
  /** Creates the pool. */
  mode: "create";
  /**
   * Azure VM size of the nodes. Changing it rotates the pool.
   * https://learn.microsoft.com/azure/virtual-machines/sizes/overview
   */
  vmSize: string;
  /** ARM id of the subnet of the nodes. Changing it rotates the pool. */
  subnetId: string;
  /**
   * ARM id of the subnet of the pods, where the cluster gives pods a subnet of their own.
   * https://learn.microsoft.com/azure/aks/configure-azure-cni-dynamic-ip-allocation
   * @default - pods get addresses as the cluster's network plugin gives them
   */
  podSubnetId?: string;
  /** Smallest number of nodes. Loki's pods refuse to share a host with their own kind, so 3 replicas want 3 nodes. */
  minCount: number;
  /** Largest number of nodes; with `minCount` below it, the cluster autoscaler works between the two. */
  maxCount: number;
  /**
   * Availability zones. Changing them rotates the pool. https://learn.microsoft.com/azure/aks/availability-zones
   * @default ["1", "2", "3"]
   */
  zones?: string[];
  /**
   * Most pods on one node, 10 to 250. It also decides how much memory the kubelet reserves. Changing it rotates the pool.
   * @default 60
   */
  maxPods?: number;
  /**
   * Node image family.
   * @default "Ubuntu"
   */
  osSku?: "Ubuntu" | "AzureLinux";
  /**
   * OS disk kind. `Ephemeral` needs a size with a local disk. Changing it rotates the pool.
   * @default "Managed"
   */
  osDiskType?: "Managed" | "Ephemeral";
  /**
   * OS disk, GiB. Changing it rotates the pool.
   * @default 128
   */
  osDiskSizeGiB?: number;
  /**
   * Nodes added at once during an upgrade, a number or a percentage.
   * https://learn.microsoft.com/azure/aks/upgrade-aks-node-pools-rolling
   * @default "1"
   */
  maxSurge?: string;
  /**
   * How long an upgrade waits for one node to drain, minutes, 1 to 1440.
   * @default 30
   */
  drainTimeoutMinutes?: number;
  /** How large a container's log file gets before the kubelet rotates it. Changing it rotates the pool. */
  containerLogs?: ContainerLogsArgs;
  /**
   * Azure tags of the pool.
   * @default {}
   */
  tags?: Record<string, string>;
  /**
   * What one node offers, for a VM size that this project has no figures of.
   * @default - from the table in `components/nodePool/vmSizes.ts`
   */
  vmCapacity?: VmCapacityArgs;
}

/** Kubelet log rotation of a node pool. https://learn.microsoft.com/azure/aks/custom-node-configuration */
export interface ContainerLogsArgs {
  /**
   * Size of one log file of a container, MB.
   * @default 50
   */
  maxSizeMb?: number;
  /**
   * Log files kept of a container, 2 at least.
   * @default 5
   */
  maxFiles?: number;
}

/** A node pool that exists. Nothing is changed on it. */
export interface ExistingNodePoolArgs {
  /** Uses the pool that carries the label. */
  mode: "existing";
  /** The node label that selects it. */
  label: { key: string; value: string };
  /**
   * Its taint, which Loki's pods tolerate.
   * @default - the pool has none
   */
  taint?: { key: string; value: string; effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute" };
  /**
   * What the pool offers, so that a pod that cannot be placed is found at preview.
   * @default - not checked, with a warning
   */
  capacity?: ExistingCapacityArgs;
}

/** Size of a pool that exists. */
export interface ExistingCapacityArgs {
  /** Azure VM size of the nodes. */
  vmSize: string;
  /** Nodes that the pool may grow to. */
  maxCount: number;
  /**
   * Most pods on one node.
   * @default 110
   */
  maxPods?: number;
  /**
   * What one node offers, for a VM size that this project has no figures of.
   * @default - from the table in `components/nodePool/vmSizes.ts`
   */
  vmCapacity?: VmCapacityArgs;
}

/** No node pool: neither selector nor toleration; pods go wherever the scheduler finds room. */
export interface NoNodePoolArgs {
  /** Leaves placement to the scheduler. */
  mode: "none";
}

/** What one VM offers. */
export interface VmCapacityArgs {
  /** vCPUs. */
  cpu: number;
  /** Memory as Azure states it, GiB. */
  memoryGiB: number;
  /** Data disks that can be attached. */
  dataDisks: number;
}

/** MinIO, and what this cluster has on it. */
export interface ObjectStorageArgs {
  /** Address of the S3 API: scheme, host and port, no path. `https://minio.internal.company:9000` */
  endpoint: string;
  /**
   * Says that `http://` is meant. Keys and logs then cross the network in clear.
   * @default false
   */
  allowPlainHttp?: boolean;
  /**
   * S3 region that MinIO is set to.
   * @default "us-east-1"
   */
  region?: string;
  /**
   * Bucket in the path instead of in the host name. MinIO needs `true` unless it has wildcard DNS and certificates.
   * @default true
   */
  pathStyle?: boolean;
  /**
   * Bucket name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
   * @default "loki-<cluster.name>"
   */
  bucket?: string;
  /**
   * PEM file with the private CA of MinIO's certificate, relative to `Pulumi.yaml`. The same file serves Loki and the
   * MinIO provider.
   * @default - the system's certificate authorities
   */
  caFile?: string;
  /**
   * `create` makes bucket, user and policy; `existing` takes bucket and credentials as given and creates nothing.
   * @default "create"
   */
  mode?: "create" | "existing";
  /**
   * Raise by one to rotate the keys: a second user is made, Loki rolls onto it, and the first one goes last.
   * @default 1
   */
  credentialsGeneration?: number;
  /**
   * Mode `existing`: the access key, which names a user and is no secret. In a stack, the config key `objectStorageAccessKey`. Letters, digits and `+/._-`, 3 or more.
   * @default - none
   */
  accessKey?: Input<string>;
  /**
   * Mode `existing`: the secret key. In a stack, the secret config key `objectStorageSecretKey`. Letters, digits and `+/._-`, 8 or more.
   * @default - none
   */
  secretKey?: Input<string>;
  /**
   * Addresses of MinIO as CIDRs: Loki may reach these and no others outside the cluster.
   * @default - any address on MinIO's port, with a warning
   */
  cidrs?: string[];
}

/** NetworkPolicies. https://learn.microsoft.com/azure/aks/use-network-policies */
export interface NetworkArgs {
  /**
   * The cluster's network policy engine: `az aks show --query networkProfile.networkPolicy`. With `none`, Kubernetes
   * accepts policies and nothing enforces them.
   * @default "none"
   */
  policyEngine?: "azure" | "calico" | "cilium" | "none";
  /**
   * Namespaces that may read logs through the gateway, Grafana's for instance.
   * @default []
   */
  readerNamespaces?: string[];
  /**
   * Namespaces that may scrape metrics. Loki's metrics port is also its unauthenticated API: name only namespaces that
   * may read every line.
   * @default []
   */
  monitoringNamespaces?: string[];
}

/** Container images, for clusters that cannot reach public registries. */
export interface ImagesArgs {
  /**
   * Registry that mirrors every image under its own path: `myregistry.azurecr.io`.
   * @default - each image's public registry
   */
  registry?: string;
  /**
   * Names of pull Secrets that exist in the namespace.
   * @default []
   */
  pullSecrets?: string[];
  /**
   * Content of a Docker `config.json`; the stack makes a pull Secret of it. In a stack, the secret config key
   * `imageRegistryCredentials`.
   * @default - none; AKS with an attached registry needs none
   */
  registryCredentials?: Input<string>;
}

/** Where a Helm chart comes from. The version is pinned by this project. */
export interface ChartArgs {
  /**
   * A chart repository (`https://…`), the full OCI address of the chart (`oci://myregistry.azurecr.io/helm/loki`), or a
   * chart folder relative to `Pulumi.yaml` (`./charts/loki`).
   * @default - the chart's own public repository
   */
  source?: string;
  /**
   * User name for that repository. In a stack, the config key `chartRepositoryUsername`.
   * @default - none
   */
  username?: Input<string>;
  /**
   * Password for that repository. In a stack, the secret config key `chartRepositoryPassword`.
   * @default - none
   */
  password?: Input<string>;
}

/** Requests and limits of one container. */
export interface ResourcesArgs {
  /** What the scheduler sets aside. */
  requests: { cpu: string; memory: string };
  /** What the container may not exceed. */
  limits: { cpu?: string; memory: string };
}

/** Grafana Loki, SimpleScalable. */
export interface LokiArgs {
  /** Where the chart comes from. */
  chart?: ChartArgs;
  /**
   * Hours that lines are kept, a multiple of 24. Not retroactive; space is free again about two days later.
   * https://grafana.com/docs/loki/latest/operations/storage/retention/
   * @default 336
   */
  retentionHours?: number;
  /**
   * Copies of each line among the write pods.
   * @default 3
   */
  replicationFactor?: number;
  /** Accepts lines. */
  write?: LokiStatefulArgs;
  /** Answers queries. */
  read?: LokiComponentArgs;
  /** Compacts, deletes, schedules queries, serves the index. */
  backend?: LokiStatefulArgs;
  /** The entry point in front of them. */
  gateway?: GatewayArgs;
  /** Memcached in front of MinIO. */
  caches?: CachesArgs;
  /** What one cluster may send and ask. Limits, not a capacity. https://grafana.com/docs/loki/latest/configure/#limits_config */
  limits?: LimitsArgs;
  /** Disks of write and backend. */
  storage?: LokiStorageArgs;
  /**
   * Index schema periods. Append-only: a new one starts in the future, an old one never changes, or its data cannot be
   * read any more. https://grafana.com/docs/loki/latest/operations/storage/schema/
   * @default [{ from: "2025-01-01" }]
   */
  schema?: SchemaPeriodArgs[];
  /**
   * How long Helm waits for Loki to become ready, seconds.
   * @default 1800
   */
  timeoutSeconds?: number;
  /**
   * Escape hatch: chart values, deep-merged over ours, lists replaced. https://github.com/grafana-community/helm-charts
   * @default {}
   */
  values?: Record<string, unknown>;
}

/** Replicas and resources of a Loki component. */
export interface LokiComponentArgs {
  /**
   * Pods.
   * @default - write 3, read 3, backend 2, gateway 2
   */
  replicas?: number;
  /**
   * Requests and limits.
   * @default - write, read and backend: 1 CPU and 2Gi requested, 2 CPU and 4Gi at most
   */
  resources?: ResourcesArgs;
}

/** A Loki component with a disk. */
export interface LokiStatefulArgs extends LokiComponentArgs {
  /**
   * Disk of each pod, GiB. Cannot be changed in place, see `docs/operations.md`.
   * @default - write 50, backend 20
   */
  diskSizeGiB?: number;
}

/** The gateway, nginx with basic auth. */
export interface GatewayArgs extends LokiComponentArgs {
  /**
   * Raise by one to rotate the gateway's password. The gateway knows the new and the previous user until the next rotation,
   * so no push is refused on the way.
   * @default 1
   */
  credentialsGeneration?: number;
}

/** Memory of the caches. */
export interface CachesArgs {
  /**
   * Chunks cache, MiB; 0 leaves it out. The pod asks for 1.2 times as much.
   * @default 1024
   */
  chunksMiB?: number;
  /**
   * Results cache, MiB; 0 leaves it out. The pod asks for 1.2 times as much.
   * @default 256
   */
  resultsMiB?: number;
}

/** Limits of the one tenant, the cluster. */
export interface LimitsArgs {
  /**
   * Accepted per second, MB, over the whole cluster: a limit, not a capacity. More gets 429 and Alloy tries again.
   * @default 50
   */
  ingestionRateMb?: number;
  /**
   * Accepted at once, MB, not below the rate: a limit, not a capacity.
   * @default 100
   */
  ingestionBurstMb?: number;
  /**
   * Accepted per second and stream, MB.
   * @default 5
   */
  perStreamRateMb?: number;
  /**
   * Accepted at once per stream, MB; not below the rate.
   * @default 20
   */
  perStreamBurstMb?: number;
  /**
   * Active streams in the cluster.
   * @default 20000
   */
  maxStreams?: number;
}

/** Disks of Loki. */
export interface LokiStorageArgs {
  /**
   * StorageClass of the disks. Cannot be changed in place.
   * https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes
   * @default "managed-csi-premium"
   */
  storageClass?: string;
  /**
   * Says that the StorageClass is your own and not one of AKS's.
   * @default false
   */
  customStorageClass?: boolean;
}

/** One schema period: tsdb, v13, 24 h index tables. */
export interface SchemaPeriodArgs {
  /** First day, UTC, `YYYY-MM-DD`, quoted. */
  from: string;
}

/** Grafana Alloy. */
export interface AlloyArgs {
  /** Where the chart comes from. */
  chart?: ChartArgs;
  /**
   * Requests and limits. Grafana's figure is 1 CPU and 120 MiB per MiB/s of logs.
   * https://grafana.com/docs/alloy/latest/introduction/estimate-resource-usage/
   * @default - 100m and 256Mi requested, 1Gi at most
   */
  resources?: ResourcesArgs;
  /**
   * What is not collected: a namespace (`kube-system`) or `namespace/pod`, where the pod may end in `*`.
   * @default []
   */
  exclude?: string[];
  /**
   * How much of a node's disk Alloy may use for lines that Loki has not taken yet, MiB. Beyond it the oldest are lost.
   * docs/loss-contract.md says how long that lasts.
   * @default 10240
   */
  bufferMiB?: number;
  /**
   * Lines per second of one container over a long time; what a container writes beyond it is dropped and counted
   * (`loki_process_dropped_lines_by_label_total`), so that its neighbours lose nothing. For a while it may write any amount: the first
   * 2,000,000 lines beyond it pass.
   * https://grafana.com/docs/alloy/latest/reference/components/loki/loki.process/#stagelimit
   * @default 5000
   */
  maxLinesPerSecond?: number;
  /**
   * How long Helm waits for Alloy on every node, seconds.
   * @default 1800
   */
  timeoutSeconds?: number;
  /**
   * Escape hatch: chart values, deep-merged over ours, lists replaced.
   * https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy
   * @default {}
   */
  values?: Record<string, unknown>;
}

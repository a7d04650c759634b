import { z } from "zod";
import type { LoggingStackArgs } from "../components/loggingStackArgs.ts";

/**
 * Shape of the stack's config: the component's arguments but for their secrets, and how to reach the cluster. Names, types and
 * ranges only; what the values mean is checked by the components.
 */
const count = z.int().min(1);
const text = z.string().min(1);
const strings = z.array(text);
const stringMap = z.record(z.string(), z.string());
const values = z.record(z.string(), z.unknown());
const resources = z.strictObject({
  requests: z.strictObject({ cpu: text, memory: text }),
  limits: z.strictObject({ cpu: text.optional(), memory: text }),
});
const chart = z.strictObject({ source: text.optional() });
const component = { replicas: count.optional(), resources: resources.optional() };
const statefulComponent = z.strictObject({ ...component, diskSizeGiB: count.optional() });
const vmCapacity = z.strictObject({ cpu: count, memoryGiB: z.number().positive(), dataDisks: count });
const maxPods = z.int().min(10).max(250);

const nodePool = z.discriminatedUnion("mode", [
  z.strictObject({
    mode: z.literal("create"),
    vmSize: text,
    subnetId: text,
    podSubnetId: text.optional(),
    minCount: count,
    maxCount: count.max(1000),
    zones: z.array(z.string()).optional(),
    maxPods: maxPods.optional(),
    osSku: z.enum(["Ubuntu", "AzureLinux"]).optional(),
    osDiskType: z.enum(["Managed", "Ephemeral"]).optional(),
    osDiskSizeGiB: z.int().min(30).max(2048).optional(),
    maxSurge: z
      .string()
      .regex(/^(\d+|\d{1,3}%)$/, 'a number or a percentage as text: "1", "33%"')
      .optional(),
    drainTimeoutMinutes: z.int().min(1).max(1440).optional(),
    containerLogs: z
      .strictObject({ maxSizeMb: z.int().min(10).optional(), maxFiles: z.int().min(2).optional() })
      .optional(),
    tags: stringMap.optional(),
    vmCapacity: vmCapacity.optional(),
  }),
  z.strictObject({
    mode: z.literal("existing"),
    label: z.strictObject({ key: text, value: z.string() }),
    taint: z
      .strictObject({ key: text, value: z.string(), effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]) })
      .optional(),
    capacity: z
      .strictObject({
        vmSize: text,
        maxCount: count,
        maxPods: maxPods.optional(),
        vmCapacity: vmCapacity.optional(),
      })
      .optional(),
  }),
  z.strictObject({ mode: z.literal("none") }),
]);

/** One entry for each argument of the component. */
export const argsShape = {
  cluster: z.strictObject({ name: text, environment: text, resourceId: text.optional() }),
  nodePool,
  objectStorage: z.strictObject({
    endpoint: text,
    allowPlainHttp: z.boolean().optional(),
    region: text.optional(),
    pathStyle: z.boolean().optional(),
    bucket: text.optional(),
    caFile: text.optional(),
    mode: z.enum(["create", "existing"]).optional(),
    credentialsGeneration: count.optional(),
    cidrs: strings.optional(),
  }),
  namespace: text.optional(),
  profile: z.enum(["small", "medium", "large"]).optional(),
  network: z
    .strictObject({
      policyEngine: z.enum(["azure", "calico", "cilium", "none"]).optional(),
      readerNamespaces: strings.optional(),
      monitoringNamespaces: strings.optional(),
    })
    .optional(),
  images: z.strictObject({ registry: text.optional(), pullSecrets: strings.optional() }).optional(),
  loki: z
    .strictObject({
      chart: chart.optional(),
      retentionHours: z.number().optional(),
      replicationFactor: count.optional(),
      write: statefulComponent.optional(),
      read: z.strictObject(component).optional(),
      backend: statefulComponent.optional(),
      gateway: z.strictObject({ ...component, credentialsGeneration: count.optional() }).optional(),
      caches: z
        .strictObject({ chunksMiB: z.int().min(0).optional(), resultsMiB: z.int().min(0).optional() })
        .optional(),
      limits: z
        .strictObject({
          ingestionRateMb: z.number().positive().optional(),
          ingestionBurstMb: z.number().positive().optional(),
          perStreamRateMb: z.number().positive().optional(),
          perStreamBurstMb: z.number().positive().optional(),
          maxStreams: count.optional(),
        })
        .optional(),
      storage: z.strictObject({ storageClass: text.optional(), customStorageClass: z.boolean().optional() }).optional(),
      schema: z.array(z.strictObject({ from: z.string() })).optional(),
      timeoutSeconds: count.optional(),
      values: values.optional(),
    })
    .optional(),
  alloy: z
    .strictObject({
      chart: chart.optional(),
      resources: resources.optional(),
      exclude: strings.optional(),
      bufferMiB: count.optional(),
      maxLinesPerSecond: count.optional(),
      timeoutSeconds: count.optional(),
      values: values.optional(),
    })
    .optional(),
} satisfies Record<keyof LoggingStackArgs, z.ZodType>;

const access = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("aks"), login: z.enum(["azurecli", "workloadidentity", "spn"]) }),
  z.strictObject({ method: z.literal("kubeconfig"), path: text, context: text, server: text.optional() }),
]);

/** The whole config of a stack but for the secrets. */
export const stackShape = z.object({ ...argsShape, access });

/** The config in its shape. */
export type StackShape = z.infer<typeof stackShape>;

/** Keys of their own, at the top level: one nested secret would hide the whole object around it in every diff. */
export const SECRET_KEYS = {
  minioAdminUser: { secret: false },
  minioAdminPassword: { secret: true },
  objectStorageAccessKey: { secret: false },
  objectStorageSecretKey: { secret: true },
  imageRegistryCredentials: { secret: true },
  chartRepositoryUsername: { secret: false },
  chartRepositoryPassword: { secret: true },
} as const;

/** One of them. */
export type SecretKey = keyof typeof SECRET_KEYS;

import * as pulumi from "@pulumi/pulumi";
import { ALLOY_CHART } from "./alloy/chart.ts";
import { createEvents } from "./alloy/events/events.ts";
import { createAlloyRelease } from "./alloy/release.ts";
import { type LoggingStackArgs, resolveArgs, withoutSecrets } from "./args.ts";
import { COMPONENT_TYPE } from "./componentType.ts";
import { createGatewayCredentials } from "./gateway/password.ts";
import { createDashboards } from "./grafana/dashboardConfigMaps.ts";
import { createDataSourceSecret, type GrafanaDataSource, grafanaDataSource } from "./grafana/dataSource.ts";
import { createPullSecret } from "./images/pullSecret.ts";
import { LOKI_CHART } from "./loki/chart.ts";
import { createLokiRelease } from "./loki/release.ts";
import { createMonitoring } from "./monitoring/monitoring.ts";
import { createNamespace } from "./namespace/namespace.ts";
import { createCiliumPolicies } from "./network/ciliumPolicies.ts";
import { createNetworkPolicies } from "./network/networkPolicies.ts";
import { createLoggingNodePool } from "./nodePool/agentPool.ts";
import { createObjectStorage } from "./objectStorage/bucket.ts";
import { createCaConfigMap } from "./objectStorage/caConfigMap.ts";
import { createStorageCredentials } from "./objectStorage/credentials.ts";

/**
 * The log platform of one AKS cluster: node pool, bucket with its user and policy, credentials, Loki and Alloy.
 *
 * Pass the providers in `opts.providers`: `kubernetes` and `random`, `azure-native` if the stack creates the node pool, and `minio` if it
 * creates the bucket.
 */
export class LoggingStack extends pulumi.ComponentResource {
  /** Namespace of everything in the cluster. */
  readonly namespace: pulumi.Output<string>;
  /** URL that Alloy, and anything else in the cluster, pushes lines to. */
  readonly pushUrl: pulumi.Output<string>;
  /** Base address for queries: Grafana's `url`, `LOKI_ADDR` of logcli. */
  readonly queryUrl: pulumi.Output<string>;
  /** The Secret in the namespace that holds the gateway's user and password. */
  readonly gatewayLoginSecret: pulumi.Output<string>;
  /** Bucket of this cluster. */
  readonly bucket: pulumi.Output<string>;
  /** Data source for Grafana, without the password. */
  readonly grafanaDataSource: pulumi.Output<GrafanaDataSource>;
  /** Name of the created node pool. Null in the other modes, because Pulumi warns about an undefined output. */
  readonly nodePoolName: pulumi.Output<string | null>;
  /** Chart versions. */
  readonly chartVersions: pulumi.Output<{ loki: string; alloy: string }>;

  /** @throws {InvalidArgumentsError} with every problem, before anything is registered. */
  constructor(name: string, args: LoggingStackArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const resolved = resolveArgs(args);
    super(COMPONENT_TYPE, name, withoutSecrets(args), opts);
    for (const warning of resolved.warnings) pulumi.log.warn(warning, this);
    const child = { parent: this };

    const { created } = resolved.nodePool;
    const nodePool = created && createLoggingNodePool(name, created, child);
    const bucketCredentials = createObjectStorage(name, resolved.objectStorage, child);

    // So that `destroy` deletes the namespace before the bucket's user, and writers can still flush to MinIO.
    const namespace = createNamespace(name, resolved.namespace, { ...child, dependsOn: bucketCredentials.grants })
      .metadata.name;
    const policies = [
      ...createNetworkPolicies(name, namespace, resolved, child),
      ...createCiliumPolicies(name, namespace, resolved, child),
    ];
    const storageSecret = createStorageCredentials(name, namespace, bucketCredentials, child);
    const gateway = createGatewayCredentials(name, namespace, resolved.loki.gateway.credentialsGeneration, child);
    const { ca } = resolved.objectStorage;
    const caConfigMap = ca && createCaConfigMap(name, namespace, ca.pem, child);
    const { registryCredentials } = resolved.images;
    const pullSecret = registryCredentials && createPullSecret(name, namespace, registryCredentials, child);
    const pullSecrets = [...resolved.images.pullSecrets, ...(pullSecret ? [pullSecret.metadata.name] : [])];

    const loki = createLokiRelease(
      name,
      namespace,
      resolved,
      {
        credentialsSecret: storageSecret.metadata.name,
        gatewaySecret: gateway.accepted.metadata.name,
        readerLoginSecret: gateway.reader.metadata.name,
        ...(caConfigMap && { caConfigMap: caConfigMap.metadata.name }),
        pullSecrets,
      },
      { ...child, dependsOn: [...(nodePool ? [nodePool] : []), ...policies] },
    );
    // After Loki, when the gateway knows the user. Alloy drops a batch that gets a 401.
    const login = { gatewayLoginSecret: gateway.alloy.metadata.name, pullSecrets };
    const alloy = createAlloyRelease(name, namespace, resolved, login, { ...child, dependsOn: [loki] });
    createEvents(name, namespace, resolved, login, { ...child, dependsOn: [loki] });
    // Last: without Prometheus's kinds in the cluster they fail, and logs are collected all the same.
    createMonitoring(name, namespace, resolved, { ...child, dependsOn: [alloy] });

    // After Loki too: Grafana must not use a password that the gateway does not know yet.
    createDataSourceSecret(name, resolved, gateway.readerLogin, { ...child, dependsOn: [loki] });
    createDashboards(name, resolved, child);

    this.namespace = namespace;
    this.pushUrl = pulumi.output(resolved.pushUrl);
    this.queryUrl = pulumi.output(resolved.queryUrl);
    this.gatewayLoginSecret = gateway.reader.metadata.name;
    this.bucket = pulumi.output(resolved.objectStorage.bucket);
    this.grafanaDataSource = pulumi.output(grafanaDataSource(resolved, gateway.readerLogin.username));
    this.nodePoolName = pulumi.output(created?.poolName ?? null);
    this.chartVersions = pulumi.output({ loki: LOKI_CHART.version, alloy: ALLOY_CHART.version });
    this.registerOutputs({
      namespace: this.namespace,
      pushUrl: this.pushUrl,
      queryUrl: this.queryUrl,
      gatewayLoginSecret: this.gatewayLoginSecret,
      bucket: this.bucket,
      grafanaDataSource: this.grafanaDataSource,
      nodePoolName: this.nodePoolName,
      chartVersions: this.chartVersions,
    });
  }
}

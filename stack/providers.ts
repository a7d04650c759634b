import { listManagedClusterUserCredentialsOutput } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as k8s from "@pulumi/kubernetes/provider.js";
import * as minio from "@pulumi/minio/provider.js";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random/provider.js";
import { parseAksResourceId } from "../components/cluster/args.ts";
import type { AccessConfig } from "./access.ts";
import type { StackConfig } from "./config.ts";
import { kubeconfigOf } from "./kubeconfig.ts";

/** How a stack reaches its cloud, its cluster and its object store. */
export interface StackProviders {
  readonly providers: pulumi.ProviderResource[];
  /** The kubeconfig from Azure, if `access.method` is `aks`. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
}

/**
 * Creates the explicit providers of one stack. The default providers are disabled, so that nothing uses a laptop's current context.
 *
 * @throws {RunError} if `access.method` is `aks` and `cluster.resourceId` is not the ID of an AKS cluster.
 */
export function createProviders({ resolved, access, minioAdmin }: StackConfig): StackProviders {
  const { cluster, objectStorage } = resolved;
  const aks = parseAksResourceId(cluster.resourceId ?? "");
  const azureProvider = aks && new azure.Provider("azure", { subscriptionId: aks.subscriptionId });
  const minioProvider =
    objectStorage.mode === "existing"
      ? undefined
      : new minio.Provider("minio", {
          minioServer: new URL(objectStorage.endpoint).host,
          minioSsl: objectStorage.tls,
          minioRegion: objectStorage.region,
          ...(objectStorage.ca && { minioCacertFile: objectStorage.ca.file }),
          ...(minioAdmin.user && { minioUser: minioAdmin.user }),
          ...(minioAdmin.password && { minioPassword: minioAdmin.password }),
        });
  const { kubernetes, kubeconfig } = kubernetesProvider(access, cluster, azureProvider);
  return {
    providers: [
      ...(azureProvider ? [azureProvider] : []),
      kubernetes,
      ...(minioProvider ? [minioProvider] : []),
      new random.Provider("random"),
    ],
    kubeconfig,
  };
}

/**
 * Grafana's data source and dashboards change in place. Without this, the provider deletes a Secret or ConfigMap first, and Grafana loses
 * what was in it for a moment. Immutable ones are replaced as before.
 * https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/#inputs
 */
const IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true } as const;

function kubernetesProvider(
  access: AccessConfig,
  { name, resourceId }: StackConfig["resolved"]["cluster"],
  azureProvider: azure.Provider | undefined,
): { kubernetes: k8s.Provider; kubeconfig: pulumi.Output<string> | undefined } {
  if (access.method === "kubeconfig") {
    const { path, context } = access;
    return {
      kubernetes: new k8s.Provider("kubernetes", { kubeconfig: path, context, clusterIdentifier: name, ...IN_PLACE }),
      kubeconfig: undefined,
    };
  }
  const aks = resourceId === undefined ? undefined : parseAksResourceId(resourceId);
  // loadConfig already refuses this. Without a kubeconfig, the provider would use the machine's current context.
  if (!aks || !azureProvider)
    throw new pulumi.RunError("access.method is aks, but cluster.resourceId is not the ID of an AKS cluster");
  const credentials = listManagedClusterUserCredentialsOutput(
    { resourceGroupName: aks.resourceGroupName, resourceName: aks.resourceName, format: "exec" },
    { provider: azureProvider },
  );
  const kubeconfig = pulumi.secret(credentials.apply((answer) => kubeconfigOf(answer, access.login)));
  // Without the identifier, a new certificate or address in the kubeconfig would look like another cluster, and replace everything in it.
  return {
    kubernetes: new k8s.Provider("kubernetes", { kubeconfig, clusterIdentifier: resourceId, ...IN_PLACE }),
    kubeconfig,
  };
}

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

/**
 * Creates the explicit providers of one stack. The default providers are disabled, so that nothing uses a laptop's current context.
 *
 * @throws {RunError} if `access.method` is `aks` and `cluster.resourceId` is not the ID of an AKS cluster.
 */
export function createProviders({ resolved, access, minioAdmin }: StackConfig): pulumi.ProviderResource[] {
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
  return [
    ...(azureProvider ? [azureProvider] : []),
    kubernetesProvider(access, cluster, azureProvider),
    ...(minioProvider ? [minioProvider] : []),
    new random.Provider("random"),
  ];
}

function kubernetesProvider(
  access: AccessConfig,
  { name, resourceId }: StackConfig["resolved"]["cluster"],
  azureProvider: azure.Provider | undefined,
): k8s.Provider {
  if (access.method === "kubeconfig") {
    return new k8s.Provider("kubernetes", {
      kubeconfig: access.path,
      context: access.context,
      clusterIdentifier: name,
    });
  }
  const aks = resourceId === undefined ? undefined : parseAksResourceId(resourceId);
  // loadConfig already refuses this. Without a kubeconfig, the provider would use the machine's current context.
  if (!aks || !azureProvider)
    throw new pulumi.RunError("access.method is aks, but cluster.resourceId is not the ID of an AKS cluster");
  const credentials = listManagedClusterUserCredentialsOutput(
    { resourceGroupName: aks.resourceGroupName, resourceName: aks.resourceName, format: "exec" },
    { provider: azureProvider },
  );
  return new k8s.Provider("kubernetes", {
    kubeconfig: pulumi.secret(credentials.apply((answer) => kubeconfigOf(answer, access.login))),
    // Otherwise a new certificate or address in the kubeconfig would look like another cluster, and replace everything in it.
    clusterIdentifier: resourceId,
  });
}

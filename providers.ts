import * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import * as azure from "@pulumi/azure-native/provider.js";
import * as k8s from "@pulumi/kubernetes/provider.js";
import * as minio from "@pulumi/minio/provider.js";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random/provider.js";
import { parseAksResourceId } from "./components/loggingNodePool.ts";
import type { AccessConfig, StackConfig } from "./config.ts";
import { kubeconfigWithLogin } from "./kubeconfig.ts";

/** The explicit providers of one stack. The default ones are disabled, so that nothing reaches a laptop's current context. */
export function createProviders({ args, access, minioAdmin }: StackConfig): pulumi.ProviderResource[] {
  const { cluster, objectStorage } = args;
  const aks = cluster.resourceId === undefined ? undefined : parseAksResourceId(cluster.resourceId);
  const azureProvider = aks && new azure.Provider("azure", { subscriptionId: aks.subscriptionId });
  const endpoint = new URL(objectStorage.endpoint);
  const minioProvider =
    objectStorage.mode === "existing"
      ? undefined
      : new minio.Provider("minio", {
          minioServer: endpoint.host,
          minioSsl: endpoint.protocol === "https:",
          minioRegion: objectStorage.region ?? "us-east-1",
          ...(objectStorage.caFile && { minioCacertFile: objectStorage.caFile }),
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
  cluster: StackConfig["args"]["cluster"],
  azureProvider: azure.Provider | undefined,
): k8s.Provider {
  if (access.method === "kubeconfig") {
    return new k8s.Provider("kubernetes", {
      kubeconfig: access.path,
      context: access.context,
      clusterIdentifier: cluster.name,
    });
  }
  const { resourceGroupName = "", resourceName = "" } = parseAksResourceId(cluster.resourceId ?? "") ?? {};
  const credentials = containerservice.listManagedClusterUserCredentialsOutput(
    { resourceGroupName, resourceName, format: "exec" },
    { ...(azureProvider && { provider: azureProvider }) },
  );
  const kubeconfig = credentials.apply(({ kubeconfigs }) =>
    kubeconfigWithLogin(Buffer.from(kubeconfigs[0]?.value ?? "", "base64").toString("utf8"), access.login),
  );
  return new k8s.Provider("kubernetes", {
    kubeconfig: pulumi.secret(kubeconfig),
    // Otherwise a new certificate or address in the kubeconfig would look like another cluster, and replace everything in it.
    ...(cluster.resourceId && { clusterIdentifier: cluster.resourceId }),
  });
}

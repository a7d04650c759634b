// A program that uses the component: the stack's values come from another stack's outputs, and the providers are yours.
import * as azure from "@pulumi/azure-native/provider.js";
import * as kubernetes from "@pulumi/kubernetes/provider.js";
import * as minio from "@pulumi/minio/provider.js";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random/provider.js";
import { LoggingStack } from "../../components/loggingStack.ts";

const config = new pulumi.Config("platform");
const subscriptionId = config.require("subscriptionId");
const caFile = "certs/minio-internal-company-ca.pem";
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-prod-aks-a/providers`;

// Arguments are plain values. getOutputDetails awaits another stack's output and returns it as one.
const network = new pulumi.StackReference("organization/network/prod");
const { value: subnetId } = await network.getOutputDetails("loggingSubnetId");

const logging = new LoggingStack(
  "logging",
  {
    cluster: {
      name: "prod-aks-a",
      environment: "prod",
      resourceId: `${group}/Microsoft.ContainerService/managedClusters/prod-aks-a`,
    },
    nodePool: { mode: "create", vmSize: "Standard_D4s_v5", subnetId, minCount: 3, maxCount: 5 },
    objectStorage: {
      endpoint: "https://minio.internal.company:9000",
      caFile,
      cidrs: ["10.20.0.10/32"],
    },
    network: { policyEngine: "cilium", readerNamespaces: ["monitoring"] },
    // Secrets take Outputs.
    images: { registryCredentials: config.getSecret("registryCredentials") },
    loki: { retentionHours: 24 * 30 },
    monitoring: { kind: "prometheusOperator", labels: { release: "kube-prometheus-stack" } },
  },
  {
    providers: [
      new azure.Provider("azure", { subscriptionId }),
      new kubernetes.Provider("kubernetes", {
        kubeconfig: config.requireSecret("kubeconfig"),
        // Grafana's data source and dashboards change in place.
        enableConfigMapMutable: true,
        enableSecretMutable: true,
      }),
      new minio.Provider("minio", {
        minioServer: "minio.internal.company:9000",
        minioSsl: true,
        minioCacertFile: caFile,
      }),
      new random.Provider("random"),
    ],
  },
);

export const { pushUrl, queryUrl, gatewayLoginSecret } = logging;

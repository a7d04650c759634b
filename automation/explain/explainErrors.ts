import type { Finding } from "../../components/findings.ts";
import { missingGrafanaNamespace } from "../doctor/grafanaChecks.ts";
import { missingMonitorKind } from "../doctor/monitoringChecks.ts";
import { LEGACY_BACKEND, LEGACY_LAYOUT } from "../engine/legacyLayout.ts";
import { type Place, refusedObjects } from "./admission.ts";

/** An error that is known by its text. */
interface Known {
  readonly pattern: RegExp;
  readonly subject: string;
  /** What it means. Left out if the error's own line explains it best. */
  readonly text?: string;
  readonly fix: string;
}

/** MinIO's refusals, in the words of the Go client that the provider uses and of Node. */
const MINIO: readonly Known[] = [
  {
    pattern:
      /x509: certificate signed by unknown authority|unable to verify the first certificate|self.signed certificate/i,
    subject: "MinIO's certificate",
    text: "is not signed by a CA that is trusted here",
    fix: "put the CA that signed it into the file of objectStorage.caFile (openssl s_client -connect HOST:PORT -showcerts shows the chain)",
  },
  {
    pattern: /x509: certificate has expired or is not yet valid|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    subject: "MinIO's certificate",
    text: "has expired, is not valid yet, or the clock here is wrong",
    fix: "compare `date -u` with the certificate's dates (openssl s_client -connect HOST:PORT | openssl x509 -noout -dates), then renew it or set the clock",
  },
  {
    pattern: /x509: certificate is (not )?valid for|ERR_TLS_CERT_ALTNAME_INVALID/,
    subject: "MinIO's certificate",
    text: "is for another name than the one in objectStorage.endpoint",
    fix: "use a name that is in the certificate, or have a certificate issued for this name",
  },
  {
    pattern: /RequestTimeTooSkewed|difference between the request time and the (current|server's) time/i,
    subject: "MinIO's clock",
    text: "differs from the clock here by more than 15 minutes",
    fix: "compare `date -u` here and on MinIO, and set the wrong one (timedatectl set-ntp true)",
  },
  {
    pattern: /InvalidAccessKeyId|The Access Key Id you provided does not exist/i,
    subject: "MinIO's admin key",
    text: "is not known to MinIO",
    fix: "set the admin's user: pulumi config set minioAdminUser, or the variable MINIO_USER",
  },
  {
    pattern: /SignatureDoesNotMatch|signature we calculated does not match/i,
    subject: "MinIO's admin key",
    text: "is known, but its secret is wrong",
    fix: "set the admin's password: pulumi config set --secret minioAdminPassword, or the variable MINIO_PASSWORD",
  },
  {
    pattern: /(minio|iam|bucket|policy)[^\n]*(Access ?Denied|AccessDenied)|Access Denied\./i,
    subject: "MinIO's admin key",
    text: "is right, but not allowed to do this",
    fix: "use a user with the policy consoleAdmin, or one with admin:*, s3:* on the cluster's bucket",
  },
  {
    pattern: /dial tcp [^\n]*(connection refused|i\/o timeout|no route to host)|ECONNREFUSED|ETIMEDOUT/,
    subject: "the address",
    fix: "check objectStorage.endpoint, and that this machine's network reaches it (curl -v ENDPOINT/minio/health/live): firewall, private endpoint, VPN",
  },
  {
    pattern: /no such host|ENOTFOUND/,
    subject: "the name",
    fix: "check the spelling, and that this machine asks a DNS server that knows it (private zones need a runner inside the network)",
  },
];

/** How to fix the Azure errors of a node pool, by error code. https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes */
const AZURE: Readonly<Record<string, string>> = {
  QuotaExceeded:
    "ask for more vCPUs of the family in the region (az vm list-usage --location REGION -o table), or choose a smaller vmSize or maxCount",
  ErrCode_InsufficientVCPUQuota:
    "ask for more vCPUs of the family in the region (az vm list-usage --location REGION -o table), or choose a smaller vmSize or maxCount",
  SkuNotAvailable:
    "choose a vmSize that the region and its zones have: az vm list-skus --location REGION --zone --size Standard_D -o table",
  AllocationFailed: "try again later, or choose another vmSize or fewer zones: Azure has no room for this one now",
  ZonalAllocationFailed:
    "try again later, or choose another vmSize or fewer zones: one zone has no room for this one now",
  OverconstrainedZonalAllocationRequest: "choose another vmSize or fewer zones: Azure does not offer this combination",
  AuthorizationFailed:
    "give the login the role Azure Kubernetes Service Contributor on the cluster, and Network Contributor on the subnet (az role assignment create)",
  LinkedAuthorizationFailed:
    "give the login Network Contributor on the subnet of nodePool.subnetId (az role assignment create)",
  OperationNotAllowed: "wait until the cluster's operation has ended: az aks show --query provisioningState",
  EtagMismatch: "the cluster was changed during the deploy: run the deploy again",
  PropertyChangeNotAllowed:
    "this change needs a new pool: please open an issue, because the pool's name should have changed",
  SubnetIsFull: "the subnet has too few free addresses: use a larger subnet, or a smaller maxCount or maxPods",
  InsufficientSubnetSize:
    "the subnet has too few free addresses: use a larger subnet, or a smaller maxCount or maxPods",
  ResourceNotFound: "check cluster.resourceId: az aks show --ids ID",
  ResourceGroupNotFound: "check cluster.resourceId: az group exists --name GROUP",
  SubscriptionNotFound: "check cluster.resourceId, and the login: az account list -o table",
  TooManyRequests: "run the deploy again in a few minutes: Azure limits the number of requests",
  PodDrainFailure:
    "a disruption budget held the drain: kubectl get pdb,pods -A, fix the pods that are not ready, and run the deploy again",
};

const AZURE_CODE = /(?:Code="?|"code": ?")([A-Za-z_]+)"?(?:[^"]*?(?:Message="?|"message": ?")([^"]+))?/g;

/** Programs, logins, releases and the state. */
const LOGIN: readonly Known[] = [
  {
    pattern: /ENOENT: pulumi|spawn pulumi ENOENT/,
    subject: "the Pulumi CLI",
    text: "is not on PATH",
    fix: "install it: curl -fsSL https://get.pulumi.com | sh",
  },
  {
    pattern: /PULUMI_ACCESS_TOKEN must be set/,
    subject: "Pulumi",
    text: "is not logged in to a backend",
    fix: "pulumi login 'azblob://CONTAINER?storage_account=ACCOUNT' (docs/deploying.md, State and secrets)",
  },
  {
    ...LEGACY_LAYOUT,
    pattern: LEGACY_BACKEND,
    text: "has the legacy layout, without the project in the path of a state: the CLI refuses it",
  },
  {
    pattern: /az login|AADSTS\d+|DefaultAzureCredential|no configured credential|subscription could not be determined/i,
    subject: "the Azure login",
    fix: "log in: az login, or in a pipeline azure/login with OIDC (ARM_USE_OIDC=true, ARM_CLIENT_ID, ARM_TENANT_ID)",
  },
  {
    pattern: /kubelogin[^\n]*(not found|not installed)|executable kubelogin/i,
    subject: "kubelogin",
    fix: "install it: az aks install-cli",
  },
  {
    pattern: /context deadline exceeded|timed out waiting for the condition|context canceled/i,
    subject: "a release",
    text: "was not ready in time",
    fix: "fix what its pods wait for, then run the deploy again",
  },
  {
    pattern: /no matches for kind "?CiliumNetworkPolicy"?|ciliumnetworkpolicies\.cilium\.io[^\n]*not found/,
    subject: "network.policyEngine",
    text: "is cilium, but the cluster does not have Cilium's policies",
    fix: 'az aks show --query networkProfile.networkPolicy prints the cluster\'s engine: write that, or move the cluster to Cilium (docs/operations.md, "Move to Cilium")',
  },
  {
    pattern: /another operation \(install\/upgrade\/rollback\) is in progress/,
    subject: "a release",
    text: "was left pending by a deploy that was killed",
    fix: "npm run doctor -- STACK prints the commands",
  },
  {
    pattern: /the stack is currently locked|could not acquire lock/i,
    subject: "the stack's lock",
    text: "is held: another deploy is running, or one was killed",
    fix: "wait until it ends; if it was killed: pulumi cancel --stack STACK --yes",
  },
  {
    pattern: /failed to load checkpoint/,
    subject: "the state",
    text: "is damaged: a deploy was killed while it wrote the state into a folder",
    fix: "in the backend's folder .pulumi/stacks/logging: cp STACK.json.bak STACK.json; rm -f STACK.json.attrs",
  },
];

/** A kind that a monitor or an alert needs, and the cluster does not have. */
function missingKinds(text: string, place: Place): Finding[] {
  const named = [...text.matchAll(/no matches for kind "(\w+)" in version "((az)?monitoring\.coreos\.com\/v1)"/g)];
  const kinds = new Map(named.map(([, kind = "", version = ""]) => [`${kind} of ${version}`, version]));
  return [...kinds].map(([kind, version]) => missingMonitorKind(kind, version.startsWith("az"), place));
}

/** A namespace of Grafana, which others create. */
function missingNamespaces(text: string): Finding[] {
  const named = text.matchAll(
    /-(?:dashboard-\w+|grafana-data-source)" was not successfully created[^\n]*namespaces "([^"]+)" not found/g,
  );
  return [...new Set([...named].map(([, name = ""]) => name))].map(missingGrafanaNamespace);
}

/**
 * Explains errors by their text: MinIO's refusals, Azure's codes, logins, releases, policies of the cluster. Each finding appears once.
 *
 * @param place Where a deploy failed, for the commands. Default: in capitals.
 */
export function explainErrors(messages: readonly string[], place: Place = { namespace: "NAMESPACE" }): Finding[] {
  const text = messages.join("\n");
  const findings = [
    ...knownIn(text, MINIO),
    ...knownIn(text, LOGIN),
    ...missingKinds(text, place),
    ...missingNamespaces(text),
    ...refusedObjects(text, place),
    ...immutableFindings(text),
    ...unknownFindings(text),
    ...azureFindings(text),
  ];
  return findings.filter(
    (finding, i) =>
      findings.findIndex(({ subject, text }) => subject === finding.subject && text === finding.text) === i,
  );
}

function knownIn(text: string, list: readonly Known[]): Finding[] {
  return list.flatMap(({ pattern, subject, text: meaning, fix }): Finding[] => {
    const match = pattern.exec(text);
    if (!match) return [];
    const line = text.slice(text.lastIndexOf("\n", match.index) + 1).split("\n", 1)[0] ?? "";
    return [{ subject, text: meaning ?? clip(line.trim()), fix }];
  });
}

/** Fields that Kubernetes does not change. Pods run on without their StatefulSet, and the next upgrade takes them over. */
function immutableFindings(text: string): Finding[] {
  const sets = [
    ...text.matchAll(/StatefulSet\.apps "([^"]+)" is invalid: spec: Forbidden: updates to statefulset spec/g),
  ];
  const names = [...new Set(sets.map(([, name = ""]) => name))];
  if (names.length === 0) return [];
  return [
    {
      subject: `StatefulSet ${names.join(", ")}`,
      text: "has other disks than the config, or other fields that Kubernetes does not change",
      fix: `kubectl -n NAMESPACE delete statefulset ${names.join(" ")} --cascade=orphan (its pods keep running), then run the deploy again; docs/operations.md, "Resize", explains what happens to the disks`,
    },
  ];
}

/** Resources that exist already: the state lost them, or they were created in another way. */
function unknownFindings(text: string): Finding[] {
  const buckets = [...text.matchAll(/bucket already exists! \(([^)]+)\)/g)].map(([, name]) => `bucket ${name}`);
  const objects = [...text.matchAll(/([\w.]+) "([^"]+)" already exists/g)].map(([, kind, name]) => `${kind} ${name}`);
  return [...new Set([...buckets, ...objects])].map((subject) => ({
    subject,
    text: "exists, but the state does not have it",
    fix: "npm run doctor -- STACK prints the command that imports it",
  }));
}

/** Errors whose message tells more than their code. */
const AZURE_MESSAGES: ReadonlyArray<readonly [pattern: RegExp, fix: string]> = [
  [
    /node ?auto-?provision|nodeProvisioningProfile|\bNAP\b/i,
    "the cluster has node auto-provisioning, which refuses the cluster autoscaler: make nodePool.minCount and maxCount equal, or use a pool of Karpenter (docs/node-auto-provisioning.md)",
  ],
];

function azureFindings(text: string): Finding[] {
  return [...text.matchAll(AZURE_CODE)].flatMap(([, code = "", message]): Finding[] => {
    const fix = AZURE_MESSAGES.find(([pattern]) => pattern.test(message ?? ""))?.[1] ?? AZURE[code];
    if (!fix && !/^[A-Z]/.test(code)) return [];
    return [
      {
        subject: "Azure",
        text: `${code}${message ? `: ${clip(message)}` : ""}`,
        fix: fix ?? `https://learn.microsoft.com/search/?terms=AKS%20${code}`,
      },
    ];
  });
}

const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 299)}…` : text);

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Configuration, createConfiguration, KubeConfig, ServerConfiguration } from "@kubernetes/client-node";
import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { AccessConfig } from "../../stack/access.ts";
import { kubeconfigWithLogin } from "../../stack/kubeconfig.ts";
import { type ProgramError, runProgram } from "../subprocess.ts";
import { inTemporaryFolder } from "../temporaryFolder.ts";

/** `az` may ask for a login, or wait for an answer that never comes. */
export const AZ_SECONDS = 60;

/**
 * Connects to the cluster of a stack, in the way that the stack itself connects.
 *
 * @param azSeconds Time for `az` to hand out the kubeconfig.
 * @throws when `az` fails, or has not answered in time.
 */
export async function connect(
  access: AccessConfig,
  resourceId: string | undefined,
  azSeconds = AZ_SECONDS,
): Promise<KubeConfig> {
  if (access.method === "kubeconfig") return kubeConfigOf(access);
  return kubeConfigOf(access, kubeconfigWithLogin(await aksKubeconfig(resourceId ?? "", azSeconds), access.login));
}

/**
 * The kubeconfig of a stack's access, read.
 *
 * @param given Its text, if `access.method` is `aks`.
 * @throws with the file and the line that cannot be read. The parser's own error has the whole file, with its tokens.
 */
export function kubeConfigOf(access: AccessConfig, given = ""): KubeConfig {
  const config = new KubeConfig();
  try {
    if (access.method === "kubeconfig") {
      config.loadFromFile(access.path);
      config.setCurrentContext(access.context);
    } else config.loadFromString(given);
    return config;
  } catch (error) {
    const { mark, message } = error as Error & { readonly mark?: { readonly line: number } };
    const what = access.method === "kubeconfig" ? `the kubeconfig ${access.path}` : "the kubeconfig from Azure";
    throw new Error(`${what} cannot be read: ${mark ? `line ${mark.line + 1} is not valid YAML` : message}`);
  }
}

/** The kubeconfig that `az aks get-credentials` hands out. The user's own kubeconfig is not touched. */
async function aksKubeconfig(resourceId: string, azSeconds: number): Promise<string> {
  const aks = parseAksResourceId(resourceId);
  if (!aks) throw new Error(`cluster.resourceId is not the ID of an AKS cluster: ${resourceId}`);
  const cluster = [
    ...["--subscription", aks.subscriptionId],
    ...["--resource-group", aks.resourceGroupName],
    ...["--name", aks.resourceName],
  ];
  return inTemporaryFolder("kubeconfig", async (folder) => {
    const file = join(folder, "config");
    const command = ["aks", "get-credentials", ...cluster, "--format", "exec", "--file", file];
    await runProgram("az", command, { timeoutSeconds: azSeconds });
    return readFileSync(file, "utf8");
  }).catch((error: ProgramError) => {
    const hints: Readonly<Record<string, string>> = {
      missing: " (https://learn.microsoft.com/cli/azure/install-azure-cli)",
      late: "; does `az account show` answer?",
    };
    throw new Error(`cannot get credentials for ${aks.resourceName}: ${error.message}${hints[error.reason] ?? ""}`);
  });
}

/** A client of the Kubernetes API whose requests end with the signal. Without one, they would wait forever. */
export function apiWithin<T>(config: KubeConfig, api: new (configuration: Configuration) => T, signal: AbortSignal): T {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error(`the kubeconfig has no cluster for its context ${config.getCurrentContext()}`);
  return new api(
    createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: config },
      promiseMiddleware: [
        {
          async pre(request) {
            request.setSignal(signal);
            return request;
          },
          post: async (response) => response,
        },
      ],
    }),
  );
}

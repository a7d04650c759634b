import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

/** Files with which programs reach a cluster. */
export interface Kubeconfigs {
  /** The one that AKS would return: an exec entry for kubelogin, with the login for a person. */
  readonly kubeconfig: string;
  /** One with a token, for programs other than Pulumi. */
  readonly adminKubeconfig: string;
}

/**
 * Writes the kubeconfigs of a cluster, and its token where the kubelogin stand-in looks for it.
 *
 * @param parent folder of the run. @param folder folder of the cluster.
 */
export function writeKubeconfigs(
  parent: string,
  folder: string,
  { name, server, ca, token }: { name: string; server: string; ca: string; token: string },
): Kubeconfigs {
  const write = (file: string, user: object): string => {
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
      users: [{ name: "user", user }],
      contexts: [{ name, context: { cluster: name, user: "user" } }],
      "current-context": name,
    };
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return file;
  };
  writeFileSync(join(parent, `${name}.token`), token, { mode: 0o600 });
  return {
    kubeconfig: write(join(parent, `${name}.kubeconfig`), { exec: execEntryOfAks(name) }),
    adminKubeconfig: write(join(folder, "admin.kubeconfig"), { token }),
  };
}

/** https://learn.microsoft.com/azure/aks/kubelogin-authentication */
const execEntryOfAks = (cluster: string) => ({
  apiVersion: "client.authentication.k8s.io/v1beta1",
  command: "kubelogin",
  args: [
    "get-token",
    "--environment",
    "AzurePublicCloud",
    "--server-id",
    "6dae42f8-4368-4678-94ff-3960e28e3630",
    "--client-id",
    "80faf920-1908-4b52-b5ef-a8e7bedfc67a",
    "--tenant-id",
    // The kubelogin stand-in finds the cluster's token by it.
    `${cluster}.example.com`,
    "--login",
    "devicecode",
  ],
  installHint: "kubelogin is not installed",
  provideClusterInfo: false,
});

import { RunError } from "@pulumi/pulumi";
import { parseDocument, YAMLMap, YAMLSeq } from "yaml";
import type { KubeloginMode } from "./access.ts";

/** What Azure answers when it is asked for a cluster's credentials. */
interface AksCredentials {
  readonly kubeconfigs?: ReadonlyArray<{ readonly value: string }>;
}

/**
 * The kubeconfig among the credentials that Azure hands out, with kubelogin's login mode set.
 *
 * @throws {RunError} when there is none that names a cluster and a user: the Kubernetes provider would take an empty one for none
 * given, and go to the cluster of the machine's own context.
 */
export function kubeconfigOf({ kubeconfigs }: AksCredentials, login: KubeloginMode): string {
  const [first] = kubeconfigs ?? [];
  return kubeconfigWithLogin(Buffer.from(first?.value ?? "", "base64").toString("utf8"), login);
}

/**
 * The kubeconfig that AKS hands out, with kubelogin's login mode set. AKS always writes `devicecode`, which waits for a person.
 * A kubeconfig without kubelogin (local accounts) comes back unchanged.
 *
 * @throws {RunError} when it names no cluster or no user.
 */
export function kubeconfigWithLogin(kubeconfig: string, login: KubeloginMode): string {
  const document = parseDocument(kubeconfig);
  const [clusters, users] = ["clusters", "users"].map((key) => document.get(key));
  if (!isFilled(clusters) || !isFilled(users)) {
    throw new RunError(
      "Azure handed out no kubeconfig with a cluster and a user. fix: az aks get-credentials must work for this login; it needs the role Azure Kubernetes Service Cluster User",
    );
  }
  for (const user of users.items) {
    const exec = user instanceof YAMLMap ? user.getIn(["user", "exec"]) : undefined;
    if (!(exec instanceof YAMLMap) || exec.get("command") !== "kubelogin") continue;
    const args = exec.get("args");
    exec.set("args", document.createNode(loginArgs(args instanceof YAMLSeq ? args.items.map(String) : [], login)));
  }
  return document.toString();
}

const isFilled = (value: unknown): value is YAMLSeq => value instanceof YAMLSeq && value.items.length > 0;

/** `--client-id` names AKS's own client, for a person at a browser. The other modes have another identity. */
function loginArgs(args: string[], login: KubeloginMode): string[] {
  const dropped = new Set(["--login", "-l", "--client-id"]);
  const kept = args.filter(
    (arg, i) => !dropped.has(arg) && !dropped.has(args[i - 1] ?? "") && !dropped.has(arg.replace(/=.*$/, "")),
  );
  return [...kept, "--login", login];
}

import { RunError } from "@pulumi/pulumi";
import { parseDocument, YAMLMap, YAMLSeq } from "yaml";
import type { KubeloginMode } from "./access.ts";

/** Azure's answer to a request for a cluster's credentials. */
interface AksCredentials {
  readonly kubeconfigs?: ReadonlyArray<{ readonly value: string }>;
}

/**
 * The first kubeconfig in Azure's answer, with kubelogin's login mode set.
 *
 * @throws {RunError} if it names no cluster or no user. The Kubernetes provider would treat an empty kubeconfig as not given, and use the
 * machine's current context.
 */
export function kubeconfigOf({ kubeconfigs }: AksCredentials, login: KubeloginMode): string {
  const [first] = kubeconfigs ?? [];
  return kubeconfigWithLogin(Buffer.from(first?.value ?? "", "base64").toString("utf8"), login);
}

/**
 * A kubeconfig of AKS with kubelogin's login mode set. AKS always writes `devicecode`, which waits for a person. A kubeconfig without
 * kubelogin (local accounts) stays unchanged. https://azure.github.io/kubelogin/concepts/login-modes.html
 *
 * @throws {RunError} if it names no cluster or no user.
 */
export function kubeconfigWithLogin(kubeconfig: string, login: KubeloginMode): string {
  const document = parseDocument(kubeconfig);
  const [clusters, users] = ["clusters", "users"].map((key) => document.get(key));
  if (!isFilled(clusters) || !isFilled(users)) {
    throw new RunError(
      "Azure returned no kubeconfig with a cluster and a user. fix: make `az aks get-credentials` work for this login; it needs the role Azure Kubernetes Service Cluster User",
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

/** `--client-id` is AKS's own client, for a person with a browser. The other modes bring their own identity. */
function loginArgs(args: string[], login: KubeloginMode): string[] {
  const dropped = new Set(["--login", "-l", "--client-id"]);
  const kept = args.filter(
    (arg, i) => !dropped.has(arg) && !dropped.has(args[i - 1] ?? "") && !dropped.has(arg.replace(/=.*$/, "")),
  );
  return [...kept, "--login", login];
}

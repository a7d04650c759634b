import { parseDocument, YAMLMap, YAMLSeq } from "yaml";

/** How kubelogin signs in. https://azure.github.io/kubelogin/concepts/login-modes.html */
export type KubeloginMode = "azurecli" | "workloadidentity" | "spn";

/**
 * The kubeconfig that AKS hands out, with kubelogin's login mode set. AKS always writes `devicecode`, which waits for a person.
 * A kubeconfig without kubelogin (local accounts) comes back unchanged.
 */
export function kubeconfigWithLogin(kubeconfig: string, login: KubeloginMode): string {
  const document = parseDocument(kubeconfig);
  const users = document.get("users");
  if (!(users instanceof YAMLSeq)) return kubeconfig;
  for (const user of users.items) {
    const exec = user instanceof YAMLMap ? user.getIn(["user", "exec"]) : undefined;
    if (!(exec instanceof YAMLMap) || exec.get("command") !== "kubelogin") continue;
    const args = exec.get("args");
    exec.set("args", document.createNode(loginArgs(args instanceof YAMLSeq ? args.items.map(String) : [], login)));
  }
  return document.toString();
}

/** `--client-id` names AKS's own client, for a person at a browser; the other modes bring an identity of their own. */
function loginArgs(args: string[], login: KubeloginMode): string[] {
  const dropped = new Set(["--login", "-l", "--client-id"]);
  const kept = args.filter(
    (arg, i) => !dropped.has(arg) && !dropped.has(args[i - 1] ?? "") && !dropped.has(arg.replace(/=.*$/, "")),
  );
  return [...kept, "--login", login];
}

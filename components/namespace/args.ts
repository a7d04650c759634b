import { explained } from "../argumentTypes.ts";
import { namespaceName } from "../kubernetesNames.ts";

/** The argument `namespace`. */
export const namespaceArg = namespaceName
  .refine(
    // The stack creates the namespace, closes it with NetworkPolicies and deletes it in the end.
    (namespace) => namespace !== "default" && !namespace.startsWith("kube-"),
    explained({
      text: "a namespace of the stack's own: Kubernetes creates default and kube-…",
      fix: "leave it out to get logging",
    }),
  )
  .default("logging");

import { explained } from "../argumentTypes.ts";
import { namespaceName } from "../kubernetesNames.ts";

/** The argument `namespace`. */
export const namespaceArg = namespaceName
  .refine(
    // The stack creates the namespace, closes it with NetworkPolicies, and deletes it on destroy.
    (namespace) => namespace !== "default" && !namespace.startsWith("kube-"),
    explained({
      text: "a namespace that the stack creates: default and kube-… belong to Kubernetes",
      fix: "leave it out to get logging",
    }),
  )
  .default("logging");

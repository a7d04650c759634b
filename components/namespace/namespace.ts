import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Registers the namespace. Pod Security enforces `privileged`, because Alloy mounts the node's log folder, which `baseline` forbids. It
 * warns about everything else that does not meet `baseline`, and audits it. https://kubernetes.io/docs/concepts/security/pod-security-admission/
 */
export function createNamespace(name: string, namespace: string, opts: pulumi.CustomResourceOptions): Namespace {
  return new Namespace(
    `${name}-namespace`,
    {
      metadata: {
        name: namespace,
        labels: {
          "pod-security.kubernetes.io/enforce": "privileged",
          "pod-security.kubernetes.io/warn": "baseline",
          "pod-security.kubernetes.io/audit": "baseline",
        },
      },
    },
    opts,
  );
}

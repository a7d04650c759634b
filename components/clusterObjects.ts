import * as k8s from "@pulumi/kubernetes/core/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "./resolveArgs.ts";

/**
 * The namespace. Pod Security enforces `privileged`, because Alloy mounts the node's log folder, which `baseline` forbids; what
 * else does not meet `baseline` is warned of and audited. https://kubernetes.io/docs/concepts/security/pod-security-admission/
 */
export function createNamespace(name: string, args: ResolvedArgs, opts: pulumi.CustomResourceOptions): k8s.Namespace {
  return new k8s.Namespace(
    `${name}-namespace`,
    {
      metadata: {
        name: args.namespace,
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

/** MinIO's private CA for Loki's pods. Immutable and auto-named, so that a new CA rolls them. */
export function createCaConfigMap(
  name: string,
  namespace: pulumi.Input<string>,
  pem: string,
  opts: pulumi.CustomResourceOptions,
): k8s.ConfigMap {
  return new k8s.ConfigMap(
    `${name}-minio-ca`,
    { metadata: { namespace }, immutable: true, data: { "ca.crt": pem } },
    opts,
  );
}

/** The pull Secret of a private registry. */
export function createPullSecret(
  name: string,
  namespace: pulumi.Input<string>,
  dockerConfig: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): k8s.Secret {
  return new k8s.Secret(
    `${name}-image-pull`,
    {
      metadata: { namespace },
      immutable: true,
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": dockerConfig },
    },
    opts,
  );
}

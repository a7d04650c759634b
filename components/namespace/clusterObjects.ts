import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import type { Finding } from "../findings.ts";

/**
 * The namespace. Pod Security enforces `privileged`, because Alloy mounts the node's log folder, which `baseline` forbids; what
 * else does not meet `baseline` is warned of and audited. https://kubernetes.io/docs/concepts/security/pod-security-admission/
 */
export function createNamespace(name: string, args: ResolvedArgs, opts: pulumi.CustomResourceOptions): Namespace {
  return new Namespace(
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
): ConfigMap {
  return new ConfigMap(`${name}-minio-ca`, { metadata: { namespace }, immutable: true, data: { "ca.crt": pem } }, opts);
}

/** What is wrong with a Docker `config.json`. Nothing of it is repeated. */
export function registryCredentialsProblem(text: string): Finding | undefined {
  try {
    const { auths } = JSON.parse(text) as { auths?: Record<string, unknown> };
    if (typeof auths === "object" && auths !== null && Object.keys(auths).length > 0) return undefined;
  } catch {}
  return {
    subject: "imageRegistryCredentials",
    text: 'a Docker config.json with the registry under "auths": {"auths": {"<registry>": {"auth": "<base64>"}}}',
    fix: "pulumi config set --secret imageRegistryCredentials < ~/.docker/config.json, after docker login without a credential helper",
  };
}

/** The pull Secret of a private registry. */
export function createPullSecret(
  name: string,
  namespace: pulumi.Input<string>,
  dockerConfig: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): Secret {
  return new Secret(
    `${name}-image-pull`,
    {
      metadata: { namespace },
      immutable: true,
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": pulumi.secret(dockerConfig).apply(checkedCredentials) },
    },
    opts,
  );
}

/** Kubernetes refuses such a Secret only at the end of its way; a stack's own config is checked earlier, by config.ts. */
function checkedCredentials(text: string): string {
  const problem = registryCredentialsProblem(text);
  if (problem) throw new pulumi.RunError(`${problem.subject}: allowed is ${problem.text}. fix: ${problem.fix}`);
  return text;
}

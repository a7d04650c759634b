import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { checkedSecret, type Finding } from "../findings.ts";

/** The problem with a Docker `config.json`, or `undefined`. It never repeats the content. */
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

/** Registers a private registry's pull Secret. https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/ */
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
      stringData: {
        ".dockerconfigjson": pulumi
          .secret(dockerConfig)
          .apply((text) => checkedSecret(text, registryCredentialsProblem)),
      },
    },
    opts,
  );
}

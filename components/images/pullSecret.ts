import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { checkedSecret, type Finding } from "../findings.ts";
import { straySecret } from "../strayCharacters.ts";

const SUBJECT = "imageRegistryCredentials";

/** A login in Docker's `config.json`. `auth` is user and password in base64. */
interface RegistryLogin {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
}

/** The problem with a Docker `config.json`, or `undefined`. It never repeats the content. */
export function registryCredentialsProblem(text: string): Finding | undefined {
  try {
    const { auths } = JSON.parse(text) as { auths?: Record<string, RegistryLogin> };
    if (typeof auths === "object" && auths !== null && Object.keys(auths).length > 0) return strayLogin(auths);
  } catch {}
  return {
    subject: SUBJECT,
    text: 'a Docker config.json with the registry under "auths": {"auths": {"<registry>": {"auth": "<base64>"}}}',
    fix: "pulumi config set --secret imageRegistryCredentials < ~/.docker/config.json, after docker login without a credential helper",
  };
}

/** A registry, user or password with a character that came along when it was copied: `echo` adds a newline before base64. */
function strayLogin(auths: Readonly<Record<string, RegistryLogin>>): Finding | undefined {
  const texts = Object.entries(auths).flatMap(([registry, login]) => {
    const { auth, username, password } = login ?? {};
    const decoded = typeof auth === "string" ? Buffer.from(auth, "base64").toString() : "";
    // Anything else than user:password is for the registry to judge.
    return [registry, auth, decoded.includes(":") ? decoded : "", username, password].filter(
      (part) => typeof part === "string",
    );
  });
  const fix = `make the login again: printf %s "$USER:$PASSWORD" | base64 -w0, and pulumi config set --secret ${SUBJECT}`;
  return texts.map((part) => straySecret(SUBJECT, part, fix)).find((problem) => problem !== undefined);
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

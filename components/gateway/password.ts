import { createHash } from "node:crypto";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { type Finding, InvalidArgumentsError } from "../findings.ts";

/** Keys of Alloy's Secret, and so the environment variables of its pipeline. */
export const GATEWAY_ENV = { username: "LOKI_USERNAME", password: "LOKI_PASSWORD" } as const;

/** The Secrets of both sides of the gateway's basic auth. */
export interface GatewayCredentials {
  /** What the gateway accepts: `.htpasswd` with the current and the previous user. */
  readonly accepted: Secret;
  /** What Alloy and readers send: the current user. */
  readonly current: Secret;
  readonly username: string;
}

/** Annotation with the generation, on the pods of both sides. The release keeps it for the next update. */
const GENERATION_ANNOTATION = "logging/gateway-credentials-generation";

/** Annotations of the gateway's and of Alloy's pods. */
export const generationAnnotation = (generation: number): Record<string, string> => ({
  [GENERATION_ANNOTATION]: `${generation}`,
});

/**
 * Checks a new generation against the deployed one. The gateway accepts a generation and the one before it: Alloy, which rolls
 * after the gateway, would be refused after a step of two or a step back, and drops what is refused.
 */
export function generationProblems(deployed: number | undefined, wanted: number): Finding[] {
  if (deployed === undefined || wanted === deployed || wanted === deployed + 1) return [];
  return [
    {
      subject: "loki.gateway.credentialsGeneration",
      given: wanted,
      text: `${deployed}, which is deployed, or ${deployed + 1}: the gateway keeps only the previous password, and Alloy drops lines that it refuses`,
      fix: `write ${deployed + 1}, run pulumi up, and raise it again after that`,
    },
  ];
}

/**
 * Refuses, already at preview, an update of a release that skips a generation. Both releases carry it: Alloy's knows what is
 * sent, and Loki's goes first where a preview is skipped.
 *
 * @param section of the release's values that holds the pods' annotations.
 */
export const oneGenerationAtATime = (release: string, section: "gateway" | "controller"): pulumi.ResourceHook =>
  new pulumi.ResourceHook(
    `${release}-gateway-generation`,
    ({ oldInputs, newInputs }) => {
      const deployed = generationIn(oldInputs, section);
      const wanted = generationIn(newInputs, section);
      const problems = wanted === undefined ? [] : generationProblems(deployed, wanted);
      if (problems.length > 0) throw new InvalidArgumentsError("The gateway's credentials", problems);
    },
    { onDryRun: true },
  );

function generationIn(inputs: Record<string, unknown> | undefined, section: string): number | undefined {
  const values = inputs?.values as Record<string, { podAnnotations?: Record<string, string> }> | undefined;
  const text = values?.[section]?.podAnnotations?.[GENERATION_ANNOTATION];
  return text === undefined ? undefined : Number(text);
}

/** User of a generation. */
export const gatewayUsername = (generation: number): string => `logging-${generation}`;

/**
 * One `.htpasswd` line. nginx checks the hash on every push, which rules out bcrypt; a fast hash is safe for 40 random letters and
 * digits. The salt is derived, not random, or every preview would show a change.
 */
export function htpasswdLine(username: string, password: string): string {
  const salt = createHash("sha256").update(username).digest().subarray(0, 8);
  const digest = createHash("sha1").update(password).update(salt).digest();
  return `${username}:{SSHA}${Buffer.concat([digest, salt]).toString("base64")}`;
}

/**
 * Passwords of the current and the previous generation and the two Secrets. Alloy drops a batch that gets a 401, so the gateway
 * learns the new user before Alloy sends it, and keeps the previous one until the next rotation.
 */
export function createGatewayCredentials(
  name: string,
  namespace: pulumi.Input<string>,
  generation: number,
  opts: pulumi.CustomResourceOptions,
): GatewayCredentials {
  const users = [generation, generation - 1]
    .filter((n) => n > 0)
    .map((n) => {
      const password = new RandomPassword(
        `${name}-gateway-password-${n}`,
        { length: 40, special: false },
        { ...opts, additionalSecretOutputs: ["result"] },
      );
      return { username: gatewayUsername(n), password: pulumi.secret(password.result) };
    });
  const current = users[0] as (typeof users)[number];
  const lines = users.map(({ username, password }) => password.apply((text) => htpasswdLine(username, text)));
  return {
    username: current.username,
    // Immutable and auto-named, as storageCredentials.ts explains.
    accepted: new Secret(
      `${name}-gateway-htpasswd`,
      {
        metadata: { namespace },
        type: "Opaque",
        immutable: true,
        stringData: { ".htpasswd": pulumi.all(lines).apply((all) => `${all.join("\n")}\n`) },
      },
      opts,
    ),
    current: new Secret(
      `${name}-gateway-login`,
      {
        metadata: { namespace },
        type: "Opaque",
        immutable: true,
        stringData: { [GATEWAY_ENV.username]: current.username, [GATEWAY_ENV.password]: current.password },
      },
      opts,
    ),
  };
}

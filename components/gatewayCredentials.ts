import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Keys of Alloy's Secret, and so the environment variables of its pipeline. */
export const GATEWAY_ENV = { username: "LOKI_USERNAME", password: "LOKI_PASSWORD" } as const;

/** The Secrets of both sides of the gateway's basic auth. */
export interface GatewayCredentials {
  /** What the gateway accepts: `.htpasswd` with the current and the previous user. */
  readonly accepted: k8s.Secret;
  /** What Alloy and readers send: the current user. */
  readonly current: k8s.Secret;
  readonly username: string;
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
      const password = new random.RandomPassword(
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
    accepted: new k8s.Secret(
      `${name}-gateway-htpasswd`,
      {
        metadata: { namespace },
        type: "Opaque",
        immutable: true,
        stringData: { ".htpasswd": pulumi.all(lines).apply((all) => `${all.join("\n")}\n`) },
      },
      opts,
    ),
    current: new k8s.Secret(
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

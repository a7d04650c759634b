import { createHash } from "node:crypto";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { type Finding, InvalidArgumentsError } from "../findings.ts";

/** Keys of Alloy's Secret. Its pipeline reads them as environment variables. */
export const GATEWAY_ENV = { username: "LOKI_USERNAME", password: "LOKI_PASSWORD" } as const;

/** Label of the Secret with the readers' login. Commands that read find it by this: its name ends in letters that Pulumi invents. */
export const READER_LOGIN_LABEL = { "logging/login": "reader" } as const;

/** The middle of that Secret's name. */
export const READER_LOGIN = "gateway-login";

/** The Secrets of both sides of the gateway's basic auth. */
export interface GatewayCredentials {
  /** For the gateway: `.htpasswd` with the current and the previous user of Alloy and of readers. */
  readonly accepted: Secret;
  /** For Alloy: the only user that may write. */
  readonly alloy: Secret;
  /** For readers. */
  readonly reader: Secret;
  /** The readers' current user and password. */
  readonly readerLogin: User;
}

/** Annotation with the generation, on the gateway's and on Alloy's pods. The next update reads it from the release's old inputs. */
const GENERATION_ANNOTATION = "logging/gateway-credentials-generation";

/** Annotations of the gateway's and of Alloy's pods. */
export const generationAnnotation = (generation: number): Record<string, string> => ({
  [GENERATION_ANNOTATION]: `${generation}`,
});

/**
 * Checks a new generation against the deployed one. The gateway accepts a generation and the previous one, and Alloy is updated after the
 * gateway. After a step of two or a step back, the gateway would refuse Alloy's lines, and Alloy drops refused lines.
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
 * A hook that refuses an update that skips a generation, with an `InvalidArgumentsError`. It also runs at preview. Both releases have it:
 * Alloy's release knows the generation in use, and Loki's is updated first if there was no preview.
 *
 * @param section The section of the release's values with the pods' annotations.
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

/** Readers' user of a generation. */
export const readerName = (generation: number): string => `logging-${generation}`;

/** Alloy's user of a generation. */
export const alloyName = (generation: number): string => `alloy-${generation}`;

/** What `alloyName` returns, as a regular expression of nginx. */
export const ALLOY_NAME = "^alloy-[0-9]+$";

/**
 * One `.htpasswd` line. nginx checks the hash on every push, so bcrypt is too slow. A fast hash is safe for 40 random letters and digits.
 * The salt is derived: a random one would show a change in every preview.
 */
export function htpasswdLine(username: string, password: string): string {
  const salt = createHash("sha256").update(username).digest().subarray(0, 8);
  const digest = createHash("sha1").update(password).update(salt).digest();
  return `${username}:{SSHA}${Buffer.concat([digest, salt]).toString("base64")}`;
}

/**
 * Registers the passwords of the current and the previous generation, and the Secrets. Alloy drops a batch that gets a 401. So the gateway
 * learns the new users before Alloy sends its new one, and accepts the previous ones until the next rotation.
 */
export function createGatewayCredentials(
  name: string,
  namespace: pulumi.Input<string>,
  generation: number,
  opts: pulumi.CustomResourceOptions,
): GatewayCredentials {
  const users = (kind: string, nameOf: (generation: number) => string): User[] =>
    [generation, generation - 1]
      .filter((n) => n > 0)
      .map((n) => createUser(`${name}-${kind}-password-${n}`, nameOf(n), opts));
  const readers = users("gateway", readerName);
  const agents = users("alloy", alloyName);
  const lines = [...readers, ...agents].map(({ username, password }) =>
    password.apply((text) => htpasswdLine(username, text)),
  );
  // Immutable and auto-named, for the reason that objectStorage/credentials.ts gives.
  const secret = (
    suffix: string,
    stringData: Record<string, pulumi.Input<string>>,
    labels?: Record<string, string>,
  ): Secret =>
    new Secret(
      `${name}-${suffix}`,
      { metadata: { namespace, ...(labels && { labels }) }, type: "Opaque", immutable: true, stringData },
      opts,
    );
  const login = (suffix: string, [current]: User[], labels?: Record<string, string>): Secret =>
    secret(
      suffix,
      {
        [GATEWAY_ENV.username]: (current as User).username,
        [GATEWAY_ENV.password]: (current as User).password,
      },
      labels,
    );
  return {
    accepted: secret("gateway-htpasswd", { ".htpasswd": pulumi.all(lines).apply((all) => `${all.join("\n")}\n`) }),
    alloy: login("alloy-login", agents),
    reader: login(READER_LOGIN, readers, READER_LOGIN_LABEL),
    readerLogin: readers[0] as User,
  };
}

/** One user of the gateway. */
export interface User {
  readonly username: string;
  readonly password: pulumi.Output<string>;
}

function createUser(name: string, username: string, opts: pulumi.CustomResourceOptions): User {
  const { result } = new RandomPassword(
    name,
    { length: 40, special: false },
    { ...opts, additionalSecretOutputs: ["result"] },
  );
  return { username, password: pulumi.secret(result) };
}

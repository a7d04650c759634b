import type { Finding } from "../components/findings.ts";
import { registryCredentialsProblem } from "../components/images/pullSecret.ts";
import { keyProblem } from "../components/objectStorage/bucket.ts";
import { straySecret } from "../components/strayCharacters.ts";

/** The rule for a top-level config key. */
export interface SecretKeyRule {
  /** Whether the value must be encrypted in the stack file. */
  readonly secret: boolean;
  /** Arguments of the component that take the value. */
  readonly paths?: readonly string[];
  /** Purpose, for the reference. Absent if an argument of the component describes the key. */
  readonly text?: string;
  /** Finds what is wrong with a value. It never repeats the value. */
  readonly check?: (value: string) => Finding | undefined;
}

/** What a pasted user or password must not have. The fix takes it from a file, without what is around it there. */
const strayInKey = (key: string, value: string): Finding | undefined =>
  straySecret(key, value, `tr -d '\\r\\n\\t' <FILE | pulumi config set --secret ${key}`);

/**
 * Config keys that hold a secret or belong to one. They are at the top level, because a secret inside an object would hide the whole object
 * in every diff.
 */
export const SECRET_KEYS = {
  minioAdminUser: {
    secret: false,
    check: (value) => strayInKey("minioAdminUser", value),
    text: "MinIO's admin user, which creates bucket, user and policy. Without it the provider reads `MINIO_USER` from the environment.",
  },
  minioAdminPassword: {
    secret: true,
    check: (value) => strayInKey("minioAdminPassword", value),
    text: "MinIO's admin password. Without it the provider reads `MINIO_PASSWORD` from the environment.",
  },
  objectStorageAccessKey: {
    secret: false,
    paths: ["objectStorage.accessKey"],
    check: (value) => keyProblem("objectStorageAccessKey", value),
  },
  objectStorageSecretKey: {
    secret: true,
    paths: ["objectStorage.secretKey"],
    check: (value) => keyProblem("objectStorageSecretKey", value),
  },
  imageRegistryCredentials: {
    secret: true,
    paths: ["images.registryCredentials"],
    check: registryCredentialsProblem,
  },
  chartRepositoryUsername: {
    secret: false,
    paths: ["loki.chart.username", "alloy.chart.username"],
    check: (value) => strayInKey("chartRepositoryUsername", value),
  },
  chartRepositoryPassword: {
    secret: true,
    paths: ["loki.chart.password", "alloy.chart.password"],
    check: (value) => strayInKey("chartRepositoryPassword", value),
  },
} as const satisfies Record<string, SecretKeyRule>;

/** Name of a secret key. */
export type SecretKey = keyof typeof SECRET_KEYS;

/** Every secret key with its rule. */
export const secretKeyRules = Object.entries(SECRET_KEYS) as ReadonlyArray<readonly [SecretKey, SecretKeyRule]>;

/** The rule of a key, or `undefined` if it is not a secret key. */
export const secretKeyRule = (key: string): SecretKeyRule | undefined =>
  Object.hasOwn(SECRET_KEYS, key) ? SECRET_KEYS[key as SecretKey] : undefined;

import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import type * as pulumi from "@pulumi/pulumi";
import type { BucketCredentials } from "./bucket.ts";

/** Keys of the Secret, and so the environment variables that Loki's config expands. */
export const STORAGE_ENV = { accessKey: "MINIO_ACCESS_KEY", secretKey: "MINIO_SECRET_KEY" } as const;

/**
 * The Secret `minio-credentials`. Immutable and auto-named: new keys make a new Secret next to the old one, its new name rolls
 * Loki's pods onto it, and the old one goes when they have let go. A Secret changed in place would roll nothing.
 */
export function createStorageCredentials(
  name: string,
  namespace: pulumi.Input<string>,
  credentials: BucketCredentials,
  opts: pulumi.CustomResourceOptions,
): Secret {
  return new Secret(
    `${name}-minio-credentials`,
    {
      metadata: { namespace },
      type: "Opaque",
      immutable: true,
      stringData: { [STORAGE_ENV.accessKey]: credentials.accessKey, [STORAGE_ENV.secretKey]: credentials.secretKey },
    },
    opts,
  );
}

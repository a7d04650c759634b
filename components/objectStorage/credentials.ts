import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import type * as pulumi from "@pulumi/pulumi";
import type { BucketCredentials } from "./bucket.ts";

/** Keys of the Secret. Loki's config expands them as environment variables. */
export const STORAGE_ENV = { accessKey: "MINIO_ACCESS_KEY", secretKey: "MINIO_SECRET_KEY" } as const;

/** The middle of the Secret's name. */
export const MINIO_CREDENTIALS = "minio-credentials";

/**
 * Registers the Secret `minio-credentials`, immutable and auto-named. New keys create a new Secret beside the old one. Its name restarts
 * Loki's pods, and the old Secret is deleted after that. Changing a Secret in place would restart nothing.
 */
export function createStorageCredentials(
  name: string,
  namespace: pulumi.Input<string>,
  credentials: BucketCredentials,
  opts: pulumi.CustomResourceOptions,
): Secret {
  return new Secret(
    `${name}-${MINIO_CREDENTIALS}`,
    {
      metadata: { namespace },
      type: "Opaque",
      immutable: true,
      stringData: { [STORAGE_ENV.accessKey]: credentials.accessKey, [STORAGE_ENV.secretKey]: credentials.secretKey },
    },
    opts,
  );
}

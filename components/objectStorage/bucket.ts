import { IamPolicy } from "@pulumi/minio/iamPolicy.js";
import { IamUser } from "@pulumi/minio/iamUser.js";
import { IamUserPolicyAttachment } from "@pulumi/minio/iamUserPolicyAttachment.js";
import { S3Bucket } from "@pulumi/minio/s3bucket.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { checkedSecret, type Finding } from "../findings.ts";
import type { ObjectStorage } from "./args.ts";

/** Keys of the bucket. The secret key is always a secret Output. */
export interface BucketCredentials {
  readonly accessKey: pulumi.Output<string>;
  readonly secretKey: pulumi.Output<string>;
  /** Resources that give the keys access to the bucket. Empty if the stack does not create them. */
  readonly grants: pulumi.Resource[];
}

/** The S3 actions that Loki uses on its objects: it writes, reads and (the compactor) deletes them. */
const OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];

/**
 * The policy of the cluster's user: its own bucket and nothing else.
 * https://min.io/docs/minio/linux/administration/identity-access-management/policy-based-access-control.html
 *
 * The Deny is needed. Whatever its policy allows, a MinIO user may change its own password and create service accounts, which need not
 * expire. A real MinIO refused both only after `admin:*` was denied.
 */
export function bucketPolicy(bucket: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:ListBucket"], Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: "Allow", Action: OBJECT_ACTIONS, Resource: [`arn:aws:s3:::${bucket}/*`] },
      { Effect: "Deny", Action: ["admin:*"] },
    ],
  });
}

/**
 * Registers bucket, policy, user and attachment. The credentials depend on all of them. In mode `existing`, it registers nothing and
 * returns the given keys.
 */
export function createObjectStorage(
  name: string,
  storage: ObjectStorage,
  opts: pulumi.CustomResourceOptions,
): BucketCredentials {
  if (storage.mode === "existing") {
    return {
      accessKey: checkedKey("objectStorageAccessKey", storage.accessKey ?? ""),
      secretKey: checkedKey("objectStorageSecretKey", storage.secretKey ?? ""),
      grants: [],
    };
  }
  const bucket = new S3Bucket(
    `${name}-bucket`,
    { bucket: storage.bucket, acl: "private", forceDestroy: false },
    // A cluster's lines outlive the cluster: no diff and no destroy removes them. If `--ignore-protect` bypasses `protect`, only the state
    // forgets the bucket.
    { ...opts, protect: true, retainOnDelete: true },
  );
  // No lifecycle rule: the compactor alone decides what is old. A rule on the bucket would delete index and marker files too.
  const policy = new IamPolicy(
    `${name}-bucket-policy`,
    { name: storage.bucket, policy: bucketPolicy(storage.bucket) },
    opts,
  );
  const secretKey = new RandomPassword(
    `${name}-bucket-secret-key`,
    // Letters and digits only: Loki expands ${MINIO_SECRET_KEY} into its config as text, before it parses the YAML.
    { length: 40, special: false, keepers: { generation: String(storage.credentialsGeneration) } },
    { ...opts, additionalSecretOutputs: ["result"] },
  );
  // When a user's name changes, the MinIO provider asks for delete-before-replace. Running writers would then get 403 for the whole
  // roll-out. So both resources override it: create, attach, new Secret, restart Loki, and only then delete the old user.
  const createFirst = { ...opts, deleteBeforeReplace: false };
  const user = new IamUser(
    `${name}-bucket-user`,
    { name: `${storage.bucket}-${storage.credentialsGeneration}`, secret: secretKey.result },
    { ...createFirst, additionalSecretOutputs: ["secret"] },
  );
  const attachment = new IamUserPolicyAttachment(
    `${name}-bucket-user-policy`,
    { userName: user.name, policyName: policy.name },
    { ...createFirst, dependsOn: [bucket] },
  );
  // The keys depend on the attachment, so that nothing gets them before they work.
  return {
    grants: [attachment],
    accessKey: attachment.userName,
    secretKey: pulumi.secret(pulumi.all([attachment.id, secretKey.result]).apply(([, secret]) => secret)),
  };
}

/** Minimum length of each key on MinIO, by its config key. */
const KEY_LENGTHS = { objectStorageAccessKey: 3, objectStorageSecretKey: 8 } as const;

/** A key that stays unchanged when Loki puts it into its config as text, before it parses the YAML. */
const KEY = /^[\w+/.-][\w+/.@-]*$/;

/** The problem with a given key, or `undefined`. It never repeats the key. */
export function keyProblem(stackKey: keyof typeof KEY_LENGTHS, key: string): Finding | undefined {
  const length = KEY_LENGTHS[stackKey];
  if (KEY.test(key) && key.length >= length) return undefined;
  return {
    subject: stackKey,
    text: `${length} or more letters, digits and + / . _ - (@ not first): Loki puts keys into its config as text`,
    fix: `create such a key on MinIO and set it with pulumi config set --secret ${stackKey}`,
  };
}

const checkedKey = (stackKey: keyof typeof KEY_LENGTHS, key: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.secret(key).apply((value) => checkedSecret(value, (text) => keyProblem(stackKey, text)));

import { isIPv4 } from "node:net";
import { IamPolicy } from "@pulumi/minio/iamPolicy.js";
import { IamUser } from "@pulumi/minio/iamUser.js";
import { IamUserPolicyAttachment } from "@pulumi/minio/iamUserPolicyAttachment.js";
import { S3Bucket } from "@pulumi/minio/s3bucket.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { Finding, Findings } from "../findings.ts";
import { redactUserInfo } from "../helm/secretsInValues.ts";
import type { ClusterArgs, ObjectStorageArgs } from "../loggingStackArgs.ts";
import { type CaCertificate, checkCaCertificate } from "./caCertificate.ts";

/** Where Loki keeps everything, and how it gets there. */
export interface ResolvedObjectStorage {
  readonly mode: "create" | "existing";
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly bucket: string;
  readonly ca?: CaCertificate;
  readonly credentialsGeneration: number;
  readonly accessKey?: pulumi.Input<string>;
  readonly secretKey?: pulumi.Input<string>;
  readonly cidrs: readonly string[];
}

/** Keys that open the bucket. The secret one is always a secret Output. */
export interface BucketCredentials {
  readonly accessKey: pulumi.Output<string>;
  readonly secretKey: pulumi.Output<string>;
  /** What makes the keys open the bucket; empty where that is not ours. */
  readonly grants: pulumi.Resource[];
}

/** Defaults and checks of the object store. */
export function resolveObjectStorage(
  args: ObjectStorageArgs,
  cluster: ClusterArgs,
  findings: Findings,
): ResolvedObjectStorage {
  const url = checkEndpoint(args, findings);
  const tls = url?.protocol !== "http:";
  const mode = args.mode ?? "create";
  const bucket = args.bucket ?? `loki-${cluster.name}`;
  checkBucketName(bucket, findings);

  for (const key of ["accessKey", "secretKey"] as const) {
    const stackKey = key === "accessKey" ? "objectStorageAccessKey" : "objectStorageSecretKey";
    if (mode === "existing") {
      findings.check(args[key] !== undefined, {
        subject: stackKey,
        text: "the key of the existing bucket, because objectStorage.mode is existing",
        fix: `pulumi config set --secret ${stackKey}`,
      });
    } else {
      findings.check(args[key] === undefined, {
        subject: stackKey,
        text: "no key, because objectStorage.mode is create and the stack makes its own user",
        fix: `pulumi config rm ${stackKey}, or set objectStorage.mode to existing`,
      });
    }
  }
  findings.check(/^[A-Za-z0-9-]*$/.test(args.region ?? ""), {
    subject: "objectStorage.region",
    given: args.region,
    text: "letters, digits and -, as the region is set on MinIO",
    fix: "leave it out to get us-east-1, which MinIO answers to unless told otherwise",
  });
  for (const [i, cidr] of (args.cidrs ?? []).entries()) checkCidr(cidr, `objectStorage.cidrs[${i}]`, findings);
  if (!args.cidrs?.length) {
    findings.warn(
      `objectStorage.cidrs is not given: Loki may reach any address on port ${url ? portOf(url) : "9000"}. Name MinIO's addresses to close that.`,
    );
  }
  const ca = args.caFile === undefined ? undefined : checkCaCertificate(args.caFile, "objectStorage.caFile", findings);
  if (args.caFile !== undefined && !tls) {
    findings.problem({
      subject: "objectStorage.caFile",
      given: args.caFile,
      text: "no CA, because the endpoint is plain HTTP",
      fix: "use an https:// endpoint, or remove caFile",
    });
  }
  return {
    mode,
    endpoint: url ? `${url.protocol}//${url.host}` : args.endpoint,
    host: url?.hostname ?? "",
    port: url ? portOf(url) : 0,
    tls,
    region: args.region ?? "us-east-1",
    pathStyle: args.pathStyle ?? true,
    bucket,
    ...(ca && { ca }),
    credentialsGeneration: args.credentialsGeneration ?? 1,
    ...(args.accessKey !== undefined && { accessKey: args.accessKey }),
    ...(args.secretKey !== undefined && { secretKey: args.secretKey }),
    cidrs: args.cidrs ?? [],
  };
}

const portOf = (url: URL): number => (url.port ? Number(url.port) : url.protocol === "http:" ? 80 : 443);

function checkEndpoint(args: ObjectStorageArgs, findings: Findings): URL | undefined {
  const path = "objectStorage.endpoint";
  const given = redactUserInfo(args.endpoint);
  const url = /^https?:\/\//.test(args.endpoint) && URL.canParse(args.endpoint) ? new URL(args.endpoint) : undefined;
  if (!url) {
    findings.problem({
      subject: path,
      given,
      text: "scheme, host and port: https://minio.internal.company:9000",
      fix: `write https://${given.replace(/^[a-z0-9]*:?\/\//i, "").replace(/^.*@/, "") || "minio.internal.company:9000"}`,
    });
    return undefined;
  }
  findings.check(
    (url.pathname === "/" || url.pathname === "") && !url.search && !url.hash && !args.endpoint.endsWith("/"),
    {
      subject: path,
      given,
      text: "no path, query or trailing slash: the bucket is an argument of its own",
      fix: `write ${url.protocol}//${url.host}`,
    },
  );
  findings.check(!url.username && !url.password, {
    subject: path,
    given,
    text: "no user or password in the address",
    fix: "remove it; keys come from the stack's own user or from secret config keys",
  });
  findings.check(url.protocol === "https:" || args.allowPlainHttp === true, {
    subject: path,
    given,
    text: "https://, because keys and log lines would cross the network in clear",
    fix: "use https://, or say that plain HTTP is meant with objectStorage.allowPlainHttp: true",
  });
  return url;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function checkBucketName(bucket: string, findings: Findings): void {
  const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
  findings.check(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
      !/\.\.|\.-|-\./.test(bucket) &&
      !/^\d+(\.\d+){3}$/.test(bucket) &&
      !reserved.test(bucket),
    {
      subject: "objectStorage.bucket",
      given: bucket,
      text: "an S3 bucket name: 3 to 63 lower-case letters, digits, . and -, no IP address, no reserved prefix or suffix",
      fix: "leave bucket out to get loki-<cluster.name>, or choose another name",
    },
  );
}

function checkCidr(cidr: string, path: string, findings: Findings): void {
  const [address = "", prefix = "", ...rest] = cidr.split("/");
  findings.check(rest.length === 0 && isIPv4(address) && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix), {
    subject: path,
    given: cidr,
    text: "an IPv4 CIDR: 10.20.0.10/32",
    fix: address.includes(":")
      ? "name MinIO's IPv4 addresses: IPv6 is not supported here"
      : "write address and prefix length; /32 is a single address",
  });
}

/** The S3 actions that Loki uses on its objects: it writes, reads and (the compactor) deletes them. */
const OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];

/**
 * The policy of the cluster's user: its own bucket and nothing else.
 *
 * The Deny is not belt and braces. MinIO lets every user make service accounts of its own, which need not expire, and change its
 * own password, whatever its policy allows; both were refused on a real MinIO only after `admin:*` was denied.
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

/** Bucket, policy, user and attachment; the credentials depend on all of them. */
export function createObjectStorage(
  name: string,
  storage: ResolvedObjectStorage,
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
    // The lines of a cluster outlive the cluster: no diff and no destroy removes them.
    { ...opts, protect: true },
  );
  // No lifecycle rule: the compactor alone decides what is old. A rule on the bucket would delete index and marker files too.
  const policy = new IamPolicy(
    `${name}-bucket-policy`,
    { name: storage.bucket, policy: bucketPolicy(storage.bucket) },
    opts,
  );
  const secretKey = new RandomPassword(
    `${name}-bucket-secret-key`,
    // Letters and digits only: Loki expands ${MINIO_SECRET_KEY} into its config as text, before that is parsed as YAML.
    { length: 40, special: false, keepers: { generation: String(storage.credentialsGeneration) } },
    { ...opts, additionalSecretOutputs: ["result"] },
  );
  // The MinIO provider asks for delete-before-replace when a user's name changes. Running writers would then get 403 for the whole
  // roll-out, so both resources say otherwise: create, attach, new Secret, roll Loki, and only then delete the old user.
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
  // Through the attachment, so that nobody gets the keys before they open anything.
  return {
    grants: [attachment],
    accessKey: attachment.userName,
    secretKey: pulumi.secret(pulumi.all([attachment.id, secretKey.result]).apply(([, secret]) => secret)),
  };
}

/** Shortest keys that MinIO takes, by the config keys that they stand in. */
const KEY_LENGTHS = { objectStorageAccessKey: 3, objectStorageSecretKey: 8 } as const;

/** What stays as it is when Loki puts a key into its config as text, before that is parsed as YAML. */
const KEY = /^[\w+/.-][\w+/.@-]*$/;

/** What is wrong with a key that is given. The key itself stays out of it. */
export function keyProblem(stackKey: keyof typeof KEY_LENGTHS, key: string): Finding | undefined {
  const length = KEY_LENGTHS[stackKey];
  if (KEY.test(key) && key.length >= length) return undefined;
  return {
    subject: stackKey,
    text: `${length} or more letters, digits and + / . _ - (@ not first): Loki puts keys into its config as text`,
    fix: `make such a key on MinIO and set it with pulumi config set --secret ${stackKey}`,
  };
}

/** A given key, refused where Loki's config could not take it as it is. A stack's own config is checked earlier, by config.ts. */
function checkedKey(stackKey: keyof typeof KEY_LENGTHS, key: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(key).apply((value) => {
    const problem = keyProblem(stackKey, value);
    if (problem) throw new pulumi.RunError(`${stackKey}: allowed are ${problem.text}. fix: ${problem.fix}`);
    return value;
  });
}

import { isIPv4 } from "node:net";
import { z } from "zod";
import { count, explained, secretInput, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { redactUserInfo } from "../secretPlaces.ts";
import { type CaCertificate, checkCaCertificate } from "./caCertificate.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const RESERVED_BUCKETS = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** Arguments of the shared MinIO, and of this cluster's bucket and user on it. */
export const objectStorageArgs = z.strictObject({
  /** Address of the S3 API: scheme, host and port, without a path. `https://minio.internal.company:9000` */
  endpoint: text,
  /**
   * Accepts `http://` in `endpoint`. Keys and logs then cross the network unencrypted.
   * @default false
   */
  allowPlainHttp: z.boolean().default(false),
  /**
   * S3 region that MinIO is configured with: `mc admin config get ALIAS site`.
   * @default "us-east-1"
   */
  region: text
    .refine(
      // As MinIO checks it: https://github.com/minio/minio/blob/RELEASE.2025-10-15T17-29-55Z/internal/config/config.go
      (region) => /^[A-Za-z][\w-]+$/.test(region),
      explained({
        text: "letters, digits, - and _, 2 or more, a letter first, as configured on MinIO",
        fix: "write what `mc admin config get ALIAS site` prints, or leave it out to get us-east-1, MinIO's default",
      }),
    )
    .default("us-east-1"),
  /**
   * Puts the bucket in the path instead of in the host name. MinIO needs `true` unless it has wildcard DNS and certificates.
   * @default true
   */
  pathStyle: z.boolean().default(true),
  /**
   * Bucket name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
   * @default - `loki-<cluster.name>`
   */
  bucket: text.optional(),
  /**
   * PEM file with the private CA of MinIO's certificate, relative to `Pulumi.yaml`. Loki and the MinIO provider use the same file.
   * @default - the system's certificate authorities
   */
  caFile: text.optional(),
  /**
   * `create` creates the bucket, its user and its policy. `existing` uses a bucket and keys that exist, and creates nothing.
   * @default "create"
   */
  mode: z.enum(["create", "existing"]).default("create"),
  /**
   * Raise it by one to rotate the keys. The stack creates a second user, moves Loki to it, and deletes the first user last.
   * @default 1
   */
  credentialsGeneration: count.default(1),
  /**
   * Mode `existing`: the access key. It names a user and is not secret. In a stack, the config key `objectStorageAccessKey`. Letters,
   * digits and `+/._-`, 3 or more.
   * @default - none
   */
  accessKey: secretInput.optional(),
  /**
   * Mode `existing`: the secret key. In a stack, the secret config key `objectStorageSecretKey`. Letters, digits and `+/._-`, 8 or more.
   * @default - none
   */
  secretKey: secretInput.optional(),
  /**
   * Addresses of MinIO as CIDRs. Outside the cluster, Loki may reach these and no others. Cilium matches no node and no pod by its address.
   * @default - any address on MinIO's port, with a warning; with `network.fqdnPolicies`, MinIO by its name
   */
  cidrs: z
    .array(
      text.refine(
        isIPv4Cidr,
        explained({
          text: "an IPv4 CIDR: 10.20.0.10/32",
          fix: (cidr: string) => {
            if (isIPv4(cidr)) return `write ${cidr}/32; the prefix length 32 is a single address`;
            return cidr.split("/")[0]?.includes(":")
              ? "name MinIO's IPv4 addresses: IPv6 is not supported here"
              : "write address and prefix length; /32 is a single address";
          },
        }),
      ),
    )
    .default([]),
});

const isBucketName = (bucket: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
  !/\.\.|\.-|-\./.test(bucket) &&
  !/^\d+(\.\d+){3}$/.test(bucket) &&
  !RESERVED_BUCKETS.test(bucket);

/** The bucket of a cluster: the one given, or `loki-<cluster.name>`. */
export const bucketName = ({ bucket }: { bucket?: string | undefined }, clusterName: string): string =>
  bucket ?? `loki-${clusterName}`;

function isIPv4Cidr(cidr: string): boolean {
  const [address = "", prefix = "", ...rest] = cidr.split("/");
  return rest.length === 0 && isIPv4(address) && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix);
}

/** The arguments with the schema's defaults. */
type Given = z.output<typeof objectStorageArgs>;

/** The arguments with every default filled in, the parts of the endpoint, and the CA. */
export type ObjectStorage = ReturnType<typeof withAddress>;

/** Checks that need more than one value or read a file. Returns the CA that `caFile` names. */
export function checkObjectStorage(storage: Given, clusterName: string, findings: Findings): CaCertificate | undefined {
  findings.when(["objectStorage.bucket", ...(storage.bucket === undefined ? ["cluster.name"] : [])], () => {
    const bucket = bucketName(storage, clusterName);
    findings.check(isBucketName(bucket), {
      subject: "objectStorage.bucket",
      given: bucket,
      text: "an S3 bucket name: 3 to 63 lower-case letters, digits, . and -, no IP address, no reserved prefix or suffix",
      fix: "leave bucket out to get loki-<cluster.name>, or choose another name",
    });
  });
  findings.when(["objectStorage.endpoint", "objectStorage.allowPlainHttp"], () => checkEndpoint(storage, findings));
  findings.when(["objectStorage.mode"], () => checkKeys(storage, findings));
  const virtualHost = ["objectStorage.pathStyle", "objectStorage.endpoint", "objectStorage.bucket", "cluster.name"];
  findings.when(virtualHost, () => checkVirtualHost(storage, clusterName, findings));
  let ca: CaCertificate | undefined;
  findings.when(["objectStorage.caFile"], () => {
    if (storage.caFile !== undefined) ca = checkCaCertificate(storage.caFile, "objectStorage.caFile", findings);
  });
  findings.when(["objectStorage.caFile", "objectStorage.endpoint"], () => {
    findings.check(storage.caFile === undefined || storage.endpoint.startsWith("https:"), {
      subject: "objectStorage.caFile",
      given: storage.caFile,
      text: "no CA, because the endpoint is plain HTTP",
      fix: "use an https:// endpoint, or remove caFile",
    });
  });
  return ca;
}

/** Warns if nothing restricts which addresses Loki may reach. */
export function checkCidrs(storage: Given, network: { readonly fqdnPolicies: boolean }, findings: Findings): void {
  findings.when(["objectStorage.cidrs", "objectStorage.endpoint", "network.fqdnPolicies"], () => {
    if (storage.cidrs.length > 0 || network.fqdnPolicies) return;
    findings.warn(
      `objectStorage.cidrs is not given: Loki may reach any address on port ${portOf(new URL(storage.endpoint))}. Name MinIO's addresses to restrict that.`,
    );
  });
}

/** Adds the parts of the endpoint, the default bucket name and the CA. Needs checked arguments. */
export function withAddress(storage: Given, clusterName: string, ca: CaCertificate | undefined) {
  const url = new URL(storage.endpoint);
  const { caFile: _, allowPlainHttp: __, ...rest } = storage;
  return {
    ...rest,
    endpoint: `${url.protocol}//${url.host}`,
    host: url.hostname,
    port: portOf(url),
    tls: url.protocol === "https:",
    bucket: bucketName(storage, clusterName),
    ...(ca && { ca }),
  };
}

/** Checks that the bucket's name can be part of the host's name. */
function checkVirtualHost(storage: Given, clusterName: string, findings: Findings): void {
  if (storage.pathStyle) return;
  const { hostname, protocol } = new URL(storage.endpoint);
  const bucket = bucketName(storage, clusterName);
  const isAddress = isIPv4(hostname) || hostname.startsWith("[");
  findings.check(!isAddress, {
    subject: "objectStorage.pathStyle",
    given: false,
    text: `true, because ${hostname} is an address: there is no host ${bucket}.${hostname}`,
    fix: "write true, or name MinIO's host in objectStorage.endpoint",
  });
  // https://datatracker.ietf.org/doc/html/rfc6125#section-6.4.3
  if (isAddress || protocol !== "https:" || !bucket.includes(".")) return;
  findings.warn(
    `objectStorage.bucket: a certificate for *.${hostname} does not cover ${bucket}.${hostname}, because * stands for one level. Choose a bucket without dots, or set objectStorage.pathStyle: true.`,
  );
}

const portOf = (url: URL): number => (url.port ? Number(url.port) : url.protocol === "http:" ? 80 : 443);

function checkKeys(storage: Given, findings: Findings): void {
  for (const [key, stackKey] of [
    ["accessKey", "objectStorageAccessKey"],
    ["secretKey", "objectStorageSecretKey"],
  ] as const) {
    if (storage.mode === "existing") {
      findings.check(storage[key] !== undefined, {
        subject: stackKey,
        text: "the key of the existing bucket, because objectStorage.mode is existing",
        fix: `pulumi config set --secret ${stackKey}`,
      });
    } else {
      findings.check(storage[key] === undefined, {
        subject: stackKey,
        text: "no key, because objectStorage.mode is create and the stack creates its own user",
        fix: `pulumi config rm ${stackKey}, or set objectStorage.mode to existing`,
      });
    }
  }
}

function checkEndpoint({ endpoint, allowPlainHttp }: Given, findings: Findings): void {
  const subject = "objectStorage.endpoint";
  const given = redactUserInfo(endpoint);
  const url = /^https?:\/\//.test(endpoint) && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const fix = `write ${addressIn(endpoint, allowPlainHttp) ?? "https://, MinIO's host and its port: https://minio.internal.company:9000"}`;
  if (!url) {
    findings.problem({ subject, given, text: "scheme, host and port: https://minio.internal.company:9000", fix });
    return;
  }
  findings.check((url.pathname === "/" || url.pathname === "") && !url.search && !url.hash && !endpoint.endsWith("/"), {
    subject,
    given,
    text: "no path, query or trailing slash: the bucket is a separate argument",
    fix,
  });
  findings.check(!url.username && !url.password, {
    subject,
    given,
    text: "no user or password in the address",
    fix: "remove it; keys come from the stack's own user or from secret config keys",
  });
  findings.check(url.protocol === "https:" || allowPlainHttp, {
    subject,
    given,
    text: "https://, because keys and log lines would cross the network unencrypted",
    fix: "use https://, or accept plain HTTP with objectStorage.allowPlainHttp: true",
  });
}

/** The address of MinIO in a text, or `undefined`. In `s3://bucket`, there is none. */
function addressIn(text: string, allowPlainHttp: boolean): string | undefined {
  const [, web = "", other, rest = ""] = /^(?:(https?):\/*|([a-z0-9+.-]+):?\/\/+|\/\/+)?(.*)$/i.exec(text.trim()) ?? [];
  if (other !== undefined) return undefined;
  const [authority = ""] = rest.split(/[/?#]/);
  const host = authority.replace(/^.*@/, "").replace(/:0*$/, "");
  const address = `${allowPlainHttp && web.toLowerCase() === "http" ? "http" : "https"}://${host}`;
  return host !== "" && URL.canParse(address) ? address : undefined;
}

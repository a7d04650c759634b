import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("object storage", [
  ...[
    "ab",
    "Loki-prod",
    "loki_prod",
    "-loki",
    "loki-",
    "lo..ki",
    "lo.-ki",
    "192.168.5.4",
    "xn--loki",
    "sthree-loki",
    "amzn-s3-demo-loki",
    "loki-s3alias",
    "loki--ol-s3",
    "loki.mrap",
    "loki--x-s3",
    "loki--table-s3",
    "l".repeat(64),
  ].map(
    (bucket): Mistake => ({
      what: `the bucket name ${bucket}`,
      change: (c) => {
        c.objectStorage.bucket = bucket;
      },
      path: "objectStorage.bucket",
      given: bucket,
      allowed: /3 to 63 lower-case letters/,
      fix: /loki-<cluster\.name>/,
    }),
  ),
  {
    what: "an endpoint without a scheme",
    change: (c) => {
      c.objectStorage.endpoint = "minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "minio.internal.company:9000",
    allowed: /scheme, host and port/,
    fix: /write https:\/\/minio\.internal\.company:9000/,
  },
  {
    what: "an endpoint with another scheme",
    change: (c) => {
      c.objectStorage.endpoint = "s3://loki";
    },
    path: "objectStorage.endpoint",
    given: "s3://loki",
    allowed: /scheme, host and port/,
    fix: /write https:\/\//,
  },
  {
    what: "an endpoint with the bucket in its path",
    change: (c) => {
      c.objectStorage.endpoint = "https://minio.internal.company:9000/loki-prod-aks-a";
    },
    path: "objectStorage.endpoint",
    given: "https://minio.internal.company:9000/loki-prod-aks-a",
    allowed: /no path/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  {
    what: "an endpoint with a trailing slash",
    change: (c) => {
      c.objectStorage.endpoint = "https://minio.internal.company:9000/";
    },
    path: "objectStorage.endpoint",
    given: "https://minio.internal.company:9000/",
    allowed: /trailing slash/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  {
    what: "plain HTTP without allowPlainHttp",
    change: (c) => {
      c.objectStorage.endpoint = "http://minio.internal.company:9000";
      delete c.objectStorage.caFile;
    },
    path: "objectStorage.endpoint",
    given: "http://minio.internal.company:9000",
    allowed: /https:\/\/, because keys and log lines would cross the network unencrypted/,
    fix: /objectStorage\.allowPlainHttp: true/,
  },
  {
    what: "keys in the endpoint",
    change: (c) => {
      c.objectStorage.endpoint = "https://user:PLANTED@minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "https://[secret]@minio.internal.company:9000",
    allowed: /no user or password/,
    fix: /remove it/,
  },
  {
    what: "keys in an endpoint without a scheme",
    change: (c) => {
      c.objectStorage.endpoint = "user:PLANTED@minio.internal.company:9000";
    },
    path: "objectStorage.endpoint",
    given: "[secret]@minio.internal.company:9000",
    allowed: /scheme, host and port/,
    fix: /write https:\/\/minio\.internal\.company:9000$/,
  },
  ...["10.20.0.10", "10.20.0.10/33", "10.20.0.300/32", "10.20.0.10/32/8", "minio.internal.company/32"].map(
    (cidr): Mistake => ({
      what: `the CIDR ${cidr}`,
      change: (c) => {
        c.objectStorage.cidrs = ["10.20.0.10/32", cidr];
      },
      path: "objectStorage.cidrs[1]",
      given: cidr,
      allowed: /IPv4 CIDR/,
      fix: /prefix length/,
    }),
  ),
  {
    what: "an IPv6 CIDR",
    change: (c) => {
      c.objectStorage.cidrs = ["fd00::1/128"];
    },
    path: "objectStorage.cidrs[0]",
    given: "fd00::1/128",
    allowed: /IPv4 CIDR/,
    fix: /IPv4 addresses: IPv6 is not supported/,
  },
  ...["eu west 1", "${HOME}", "", "a", "1st", "-west", "_west", "dc.west", "z\u00fcrich"].map(
    (region): Mistake => ({
      what: `the region "${region}"`,
      change: (c) => {
        c.objectStorage.region = region;
      },
      path: "objectStorage.region",
      given: region,
      allowed: region === "" ? /not empty/ : /letters, digits, - and _, 2 or more, a letter first/,
      fix: region === "" ? /docs\/arguments\.md/ : /us-east-1/,
    }),
  ),
  ...["https://10.20.0.10:9000", "https://[fd00::1]:9000"].map(
    (endpoint): Mistake => ({
      what: `the bucket's name before the address of ${endpoint}`,
      change: (c) => {
        Object.assign(c.objectStorage, { endpoint, pathStyle: false });
      },
      path: "objectStorage.pathStyle",
      given: false,
      allowed: /true, because .* is an address/,
      fix: /write true/,
    }),
  ),
]);

describeMistakes("a bucket's key", [
  {
    what: "a missing key of the existing bucket",
    change: (c) => {
      c.objectStorage.mode = "existing";
      c.objectStorageAccessKey = "key";
    },
    path: "objectStorageSecretKey",
    allowed: /because objectStorage\.mode is existing/,
    fix: /pulumi config set --secret objectStorageSecretKey/,
  },
  {
    what: "a key although the stack creates its own user",
    change: (c) => {
      c.objectStorageAccessKey = "PLANTED";
    },
    path: "objectStorageAccessKey",
    allowed: /because objectStorage\.mode is create/,
    fix: /pulumi config rm objectStorageAccessKey/,
  },
  ...[
    ["a key with characters that would break Loki's config", "PLANTED$x: y"],
    ["a key that is too short for MinIO", "PLANTED"],
  ].map(
    ([what, key]): Mistake => ({
      what: what as string,
      change: (c) => {
        c.objectStorage.mode = "existing";
        c.objectStorageAccessKey = "key";
        c.objectStorageSecretKey = key;
      },
      secretKeys: ["objectStorageSecretKey"],
      path: "objectStorageSecretKey",
      allowed: /8 or more letters, digits and /,
      fix: /pulumi config set --secret objectStorageSecretKey/,
    }),
  ),
]);

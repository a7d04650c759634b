import { secretKeyRules } from "../../../../stack/secretKeys.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("a secret", [
  ...["minioAdminPassword", "objectStorageSecretKey", "imageRegistryCredentials", "chartRepositoryPassword"].map(
    (key): Mistake => ({
      what: `an unencrypted ${key}`,
      change: (c) => {
        c[key] = "PLANTED";
        if (key === "objectStorageSecretKey") {
          c.objectStorage.mode = "existing";
          c.objectStorageAccessKey = "key";
        }
      },
      path: key,
      allowed: /a secret; it is not encrypted/,
      fix: new RegExp(`make a new one.*pulumi config set --secret ${key}`),
    }),
  ),
  {
    what: "a secret inside an object, which would hide the whole object",
    change: (c) => {
      c.objectStorage.secretKey = "PLANTED";
    },
    secretKeys: ["objectStorage"],
    path: "objectStorage",
    allowed: /no secret inside/,
    fix: /minioAdminPassword.*objectStorageSecretKey/,
  },
]);

describeMistakes(
  "a secret inside a group, where the stack file stores it unencrypted,",
  secretKeyRules.flatMap(([key, { paths = [] }]) =>
    paths.map((path) => ({
      what: path,
      change: (c: Loose) => {
        const keys = path.split(".");
        const last = keys.pop() as string;
        let group = c;
        for (const name of keys) {
          group[name] ??= {};
          group = group[name];
        }
        group[last] = "PLANTED";
      },
      path,
      allowed: new RegExp(`top-level key ${key}`),
      fix: new RegExp(`pulumi config set --secret ${key}`),
    })),
  ),
);

const INSTEAD = /take the secret out of it, and make a new one/;

describeMistakes("a secret where another check finds a problem", [
  {
    what: "an endpoint with a password, and a tab",
    change: (c) => {
      c.objectStorage.endpoint = "https://admin:PLANTED@minio.internal.company:9000\t";
    },
    path: "objectStorage.endpoint",
    allowed: /without line breaks, tabs/,
    fix: INSTEAD,
  },
  {
    what: "an endpoint with a password, in a list",
    change: (c) => {
      c.objectStorage.endpoint = ["https://admin:PLANTED@minio.internal.company:9000"];
    },
    path: "objectStorage.endpoint",
    allowed: /^text$/,
    fix: INSTEAD,
  },
  {
    what: "a chart's address with a token, and a space",
    change: (c) => {
      c.loki.chart = { source: "https://PLANTED@charts.internal.company " };
    },
    path: "loki.chart.source",
    allowed: /without line breaks, tabs/,
    fix: INSTEAD,
  },
  {
    what: "an address with a password where a map belongs",
    change: (c) => {
      c.loki.chart = "https://admin:PLANTED@charts.internal.company";
    },
    path: "loki.chart",
    allowed: /a map of keys/,
    fix: INSTEAD,
  },
  {
    what: "a password in the lines of a text where a map belongs",
    change: (c) => {
      c.alloy.values = "alloy:\n  password: PLANTED\n";
    },
    path: "alloy.values",
    allowed: /./,
    fix: INSTEAD,
  },
  {
    what: "a password as an unknown key, with a space",
    change: (c) => {
      c.objectStorage.password = "PLANTED ";
    },
    path: "objectStorage.password",
    allowed: /without line breaks, tabs/,
    fix: INSTEAD,
  },
  {
    what: "a key in a map where a text belongs",
    change: (c) => {
      c.objectStorage.bucket = { secretKey: "PLANTED" };
    },
    path: "objectStorage.bucket",
    allowed: /^text$/,
    fix: INSTEAD,
  },
  {
    what: "an address with a password in a list of names",
    change: (c) => {
      c.alloy.exclude = ["https://admin:PLANTED@team-a"];
    },
    path: "alloy.exclude[0]",
    allowed: /a namespace/,
    fix: INSTEAD,
  },
]);

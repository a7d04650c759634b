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

// Text that people copy brings characters along that nobody sees.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Findings } from "../../../../components/findings.ts";
import { checkStray, hasStray, withoutStray } from "../../../../components/strayCharacters.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { problemAt, refusal, stackFile } from "../../../harness/plannedStack.ts";
import { describeMistakes, existingPool, type Mistake } from "./mistakes.ts";

const STRAY: Readonly<Record<string, string>> = {
  "a carriage return": "\r",
  "a newline": "\n",
  "a Windows line end": "\r\n",
  "a tab": "\t",
  "a space": " ",
  "a byte order mark": "\ufeff",
  "a space of no width": "\u200b",
  "a space that does not break": "\u00a0",
  "a wide space": "\u3000",
  "a line separator": "\u2028",
  "a mark for the direction of text": "\u200e",
  "a soft hyphen": "\u00ad",
  "a null character": "\u0000",
};

/** Key paths of every text in a config. */
const textsIn = (value: unknown, path: readonly string[] = []): string[][] =>
  typeof value === "string"
    ? [[...path]]
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]))
      : [];

/** A config in which people paste everything that can be pasted. */
function pasteEverything(c: Loose): void {
  existingPool(c, { taints: [{ key: "workload", value: "logging", effect: "NoSchedule" }] });
  c.access = { method: "kubeconfig", path: "certs", context: "prod", server: "https://10.0.0.1:443" };
  c.images = { registry: "myregistry.azurecr.io/mirror", pullSecrets: ["pull"] };
  c.namespace = "logging";
  c.objectStorage.region = "us-east-1";
  c.objectStorage.bucket = "loki-prod-aks-a";
  c.network.monitoringNamespaces = ["monitoring"];
  c.alloy.exclude = ["kube-system"];
  c.loki.storage = { storageClass: "managed-csi" };
  c.loki.chart = { source: "https://charts.example.com" };
  c.loki.schema = [{ from: "2025-01-01" }];
  c.loki.write.resources = { requests: { cpu: "1", memory: "2Gi" }, limits: { memory: "4Gi" } };
}

const at = (config: Loose, path: readonly string[]): Loose => path.reduce((value, key) => value[key], config);

const asKeyPath = (path: readonly string[]): string =>
  path.reduce((text, key) => (/^\d+$/.test(key) ? `${text}[${key}]` : text ? `${text}.${key}` : key), "");

describe("a stray character is refused around every text, and the fix is accepted:", () => {
  for (const [where, change] of [
    ["production", (c: Loose) => c.nodePool.zones?.length],
    ["an existing pool and cluster", pasteEverything],
  ] as const) {
    let paths: string[][] = [];
    stackFile((c) => {
      change(c);
      paths = textsIn(c);
    });
    for (const path of paths) {
      it(`${asKeyPath(path)} (${where})`, async () => {
        for (const [name, character] of Object.entries(STRAY)) {
          for (const around of [(text: string) => `${text}${character}`, (text: string) => `${character}${text}`]) {
            let good = "";
            const file = stackFile((c) => {
              change(c);
              const key = path.at(-1) as string;
              const parent = at(c, path.slice(0, -1));
              good = parent[key];
              parent[key] = around(good);
            });
            const error = await refusal(file);
            const { fix } = problemAt(error, asKeyPath(path));
            assert.equal(error?.problems.length, 1, `${name}: ${error?.message}`);
            assert.equal(fix, `write ${good}`, name);
          }
        }
      });
    }
    it(`nothing without one is refused (${where})`, async () =>
      assert.equal(await refusal(stackFile(change)), undefined));
  }
});

describe("a stray character", () => {
  it("is found inside a text too, and what was wrapped is put together", () => {
    for (const [text, clean] of [
      ["prod\u200b-aks-a", "prod-aks-a"],
      ["/subscriptions/x/resource\n  Groups/y", "/subscriptions/x/resourceGroups/y"],
      ["a\u00a0b", "a b"],
      ["a\tb", "a b"],
    ] as const) {
      assert.ok(hasStray(text));
      assert.equal(withoutStray(text), clean);
    }
  });

  it("is visible in the error", async () => {
    const error = await refusal(
      stackFile((c) => {
        c.cluster.resourceId += "\ufeff\r";
      }),
    );
    assert.match(error?.message ?? "", /given: {3}"\/subscriptions.*\\ufeff\\r"/);
  });

  it("is found in keys", async () => {
    const error = await refusal(
      stackFile((c) => {
        c.cluster["name\u200b"] = c.cluster.name;
        delete c.cluster.name;
      }),
    );
    assert.equal(problemAt(error, "cluster.name\u200b").fix, "write name");
  });

  it("leaves letters of every language, spaces inside and emoji alone", () => {
    for (const text of ["prod", "Zürich West", "ログ", "a  b", "\ud83d\ude00", ""]) assert.ok(!hasStray(text), text);
  });

  it("is not a space around a pattern, which finds that space too", async () => {
    const withPatterns = (end: string) =>
      stackFile((c) => {
        const namespaces = ["team-a"];
        c.alloy.drop = [{ namespaces, pattern: ` GET${end}` }];
        c.alloy.mask = [{ pattern: ` C-${end}` }];
        c.alloy.multiline = [{ namespaces, firstLine: `x${end}` }];
        c.loki.queries = { blocked: [{ pattern: ` x${end}` }] };
        c.grafana = { dataSource: { namespace: "g", traces: { dataSourceUid: "t", pattern: ` (x)${end}` } } };
      });
    assert.equal(await refusal(withPatterns(" ")), undefined);
    assert.equal((await refusal(withPatterns("\u00a0")))?.problems.length, 5);
  });

  it("is looked for in plain maps and lists only", () => {
    const findings = new Findings();
    checkStray({ a: [1, null, true, new Date(), { b: "c " }] }, "", findings);
    assert.deepEqual(
      findings.problems.map(({ subject }) => subject),
      ["a[4].b"],
    );
  });
});

const IN_VALUES: Array<[what: string, text: string]> = [
  ["carriage returns", "location /x {\r\n  return 200;\r\n}\r\n"],
  ["a carriage return at the end", "x\r"],
  ["a byte order mark", "\ufeffserver:"],
  ["a space of no width", "a\u200bb"],
  ["spaces that do not break", "a:\n\u00a0\u00a0b: 1\n"],
];
describeMistakes("in a chart's values,", [
  ...IN_VALUES.map(
    ([what, text]): Mistake => ({
      what: `${what} in a text`,
      change: (c) => {
        c.loki.values = { gateway: { nginxConfig: { serverSnippet: text } } };
      },
      path: "loki.values.gateway.nginxConfig.serverSnippet",
      given: [...new Set(text.match(/[\r\ufeff\u200b\u00a0]/g))].join(""),
      allowed: /carriage returns and invisible characters/,
      fix: /LF line ends/,
    }),
  ),
  {
    what: "a carriage return in a list of Alloy's values",
    change: (c) => {
      c.alloy.values = { controller: { extraAnnotations: ["PLANTED\r"] } };
    },
    path: "alloy.values.controller.extraAnnotations[0]",
    given: "\r",
    allowed: /carriage returns/,
    fix: /LF line ends/,
  },
]);

/** A secret with a newline at its end, as `echo` adds one. */
const PASTED = "PLANTED-secret-1\r\n";
describeMistakes("a pasted secret", [
  ...(["minioAdminUser", "minioAdminPassword", "chartRepositoryUsername", "chartRepositoryPassword"] as const).map(
    (key): Mistake => ({
      what: `${key} with a line end`,
      change: (c) => {
        c[key] = PASTED;
      },
      secretKeys: [key],
      path: key,
      allowed: /without line breaks, tabs and invisible characters/,
      fix: new RegExp(`tr -d .* \\| pulumi config set --secret ${key}$`),
    }),
  ),
  ...["PLANTED:x\n", "PLANTED\u200b:x", "PLANTED:x\r\n"].map(
    (login): Mistake => ({
      what: `a registry's login with ${JSON.stringify(login.replace("PLANTED", ""))}`,
      change: (c) => {
        const auth = Buffer.from(login).toString("base64");
        c.imageRegistryCredentials = JSON.stringify({ auths: { "myregistry.azurecr.io": { auth } } });
      },
      secretKeys: ["imageRegistryCredentials"],
      path: "imageRegistryCredentials",
      allowed: /without line breaks/,
      fix: /printf %s .* base64 -w0/,
    }),
  ),
  {
    // https://slashdev.space/posts/2024-04-15-beware-of-base64-encoded-strings
    what: "a registry's login that base64 broke into lines",
    change: (c) => {
      const auth = `${Buffer.from("PLANTED:x").toString("base64").slice(0, 6)}\n${"A".repeat(6)}`;
      c.imageRegistryCredentials = JSON.stringify({ auths: { "myregistry.azurecr.io": { auth } } });
    },
    secretKeys: ["imageRegistryCredentials"],
    path: "imageRegistryCredentials",
    allowed: /without line breaks/,
    fix: /base64 -w0/,
  },
  {
    what: "a registry's name with a carriage return",
    change: (c) => {
      c.imageRegistryCredentials = JSON.stringify({ auths: { "myregistry.azurecr.io\r": { auth: "PLANTED=" } } });
    },
    secretKeys: ["imageRegistryCredentials"],
    path: "imageRegistryCredentials",
    allowed: /without line breaks/,
    fix: /make the login again/,
  },
]);

describe("MinIO's admin in the environment", () => {
  for (const name of ["MINIO_USER", "MINIO_PASSWORD"])
    it(`${name} is refused with a carriage return, and not shown`, async () => {
      process.env[name] = "PLANTED\r";
      try {
        const error = await refusal(stackFile());
        assert.match(problemAt(error, name).fix, new RegExp(`^export ${name}=`));
        assert.doesNotMatch(error?.message ?? "", /PLANTED/);
        const own = (c: Loose) => {
          c[name === "MINIO_USER" ? "minioAdminUser" : "minioAdminPassword"] = "goodOne1";
        };
        assert.equal(await refusal(stackFile(own, { secretKeys: ["minioAdminPassword"] })), undefined);
      } finally {
        delete process.env[name];
      }
    });
});

// The small pure parts that chart values are made of.
import assert from "node:assert/strict";
import { matchesGlob } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ALLOY_OWNED_VALUES } from "../../../components/alloy/args.ts";
import { escapeForHelm, excludeGlob } from "../../../components/alloy/values.ts";
import { Findings } from "../../../components/findings.ts";
import { mergeValues, type Values } from "../../../components/helm/mergeValues.ts";
import { checkNoSecrets } from "../../../components/helm/secretsInValues.ts";
import { checkNotOwned } from "../../../components/helm/valuesChecks.ts";
import { LOKI_OWNED_VALUES } from "../../../components/loki/ownedValues.ts";
import { plan, stackFile, valuesOf } from "../../harness/plannedStack.ts";

describe("values are merged as Helm merges files", () => {
  const values = fc.letrec((tie) => ({
    map: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer()), tie("map")),
  })).map as fc.Arbitrary<Values>;

  it("maps key by key; lists, scalars and null replace", () => {
    assert.deepEqual(
      mergeValues(
        { a: { b: 1, c: [1, 2] }, d: "x", e: { f: 1 }, g: { h: 1 } },
        { a: { b: 2, c: [3] }, d: { y: 1 }, e: null, g: 7, i: true },
      ),
      { a: { b: 2, c: [3] }, d: { y: 1 }, e: null, g: 7, i: true },
    );
  });

  it("what is on top is always in the result, and what it does not name stays", () => {
    fc.assert(
      fc.property(values, values, (base, over) => {
        const merged = mergeValues(base, over);
        assert.deepEqual(mergeValues(merged, over), merged);
        assert.deepEqual(new Set(Object.keys(merged)), new Set([...Object.keys(base), ...Object.keys(over)]));
        for (const key of Object.keys(base)) if (!Object.hasOwn(over, key)) assert.deepEqual(merged[key], base[key]);
        assert.deepEqual(mergeValues(base, {}), base);
        assert.deepEqual(mergeValues({}, over), over);
      }),
    );
  });

  it("neither of the two is changed", () => {
    const [base, over] = [{ a: { b: 1 } }, { a: { c: 2 } }];
    mergeValues(base, over);
    assert.deepEqual([base, over], [{ a: { b: 1 } }, { a: { c: 2 } }]);
  });

  it("the escape hatch of each release reaches its values and leaves the rest", async () => {
    const changed = await plan(
      stackFile((c) => {
        c.loki.values = { loki: { limits_config: { max_line_size: "512KB" } }, write: { podAnnotations: { a: "b" } } };
        c.alloy.values = { controller: { podAnnotations: { a: "b" } } };
      }),
    );
    const loki = valuesOf(changed, "loki");
    assert.equal(loki.loki.limits_config.max_line_size, "512KB");
    assert.equal(loki.loki.limits_config.retention_period, "336h");
    assert.equal(loki.write.replicas, 3);
    assert.deepEqual(loki.write.podAnnotations, { a: "b" });
    const alloy = valuesOf(changed, "alloy");
    assert.equal(alloy.controller.podAnnotations.a, "b");
    assert.equal(alloy.controller.type, "daemonset");
  });
});

describe("the escape hatch leaves alone what an argument sets", () => {
  const FULL = stackFile((c) => {
    c.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
  });
  for (const [release, owned] of [
    ["loki", LOKI_OWNED_VALUES],
    ["alloy", ALLOY_OWNED_VALUES],
  ] as const) {
    it(`${release}: every path named is one that we set`, async () => {
      const values = valuesOf(await plan(FULL), release);
      for (const path of Object.keys(owned)) {
        const value = path.split(".").reduce<unknown>((v, key) => (v as Record<string, unknown>)?.[key], values);
        assert.notEqual(value, undefined, path);
      }
    });

    it(`${release}: each is refused, and the argument is named`, () => {
      for (const [path, argument] of Object.entries(owned)) {
        const findings = new Findings();
        const given = path.split(".").reduceRight<unknown>((value, key) => ({ [key]: value }), 7);
        checkNotOwned(given as Values, owned, `${release}.values`, findings);
        assert.deepEqual(
          findings.problems.map((p) => [p.subject, p.given, p.fix]),
          [[`${release}.values.${path}`, 7, `set ${argument} instead`]],
        );
      }
    });
  }

  it("what stands beside them passes", () => {
    const findings = new Findings();
    checkNotOwned({ write: { podAnnotations: { a: "b" } } }, LOKI_OWNED_VALUES, "loki.values", findings);
    assert.deepEqual(findings.problems, []);
  });
});

describe("the escape hatch takes no secret", () => {
  const SECRETS: Array<[string, unknown, string]> = [
    [
      "a key of the object store",
      { loki: { storage: { s3: { secretAccessKey: "abc" } } } },
      "v.loki.storage.s3.secretAccessKey",
    ],
    [
      "the same in Loki's own spelling",
      { loki: { structuredConfig: { common: { secret_access_key: "x" } } } },
      "v.loki.structuredConfig.common.secret_access_key",
    ],
    ["an access key", { s3: { accessKeyId: "AKIA" } }, "v.s3.accessKeyId"],
    ["a password", { gateway: { basicAuth: { password: "x" } } }, "v.gateway.basicAuth.password"],
    ["a password of digits", { grafana: { adminPassword: 1234 } }, "v.grafana.adminPassword"],
    ["a root password", { minio: { rootPassword: "x" } }, "v.minio.rootPassword"],
    ["a token in a list", { remotes: [{ url: "x" }, { bearer_token: "x" }] }, "v.remotes[1].bearer_token"],
    [
      "an environment variable",
      { write: { extraEnv: [{ name: "AWS_SECRET_ACCESS_KEY", value: "x" }] } },
      "v.write.extraEnv[0].value",
    ],
    ["an argument", { write: { extraArgs: ["-memberlist.x=1", "-store.password=x"] } }, "v.write.extraArgs[1]"],
    ["an address with a password", { ruler: { url: "https://user:pw@alerts" } }, "v.ruler.url"],
    ["a private key", { tls: { pem: "-----BEGIN EC PRIVATE KEY-----\nx" } }, "v.tls.pem"],
    [
      "a line of a pipeline",
      { alloy: { configMap: { content: 'basic_auth {\n  password = "x"\n}' } } },
      "v.alloy.configMap.content",
    ],
    ["a line of a YAML text", { extra: "a: 1\nclient_secret: xyz\n" }, "v.extra"],
    ["a hash of .htpasswd", { gateway: { x: "u:{SSHA}abcd" } }, "v.gateway.x"],
  ];
  for (const [what, values, path] of SECRETS) {
    it(`${what}`, () => {
      const findings = new Findings();
      checkNoSecrets(values, "v", findings);
      assert.deepEqual(
        findings.problems.map((p) => [p.subject, p.given]),
        [[path, undefined]],
      );
    });
  }

  it("but what refers to one, or only sounds like one", () => {
    const findings = new Findings();
    checkNoSecrets(
      {
        gateway: { basicAuth: { enabled: true, existingSecret: "mine" } },
        imagePullSecrets: [{ name: "registry" }],
        serviceAccount: { automountServiceAccountToken: false, tokenExpirationSeconds: 3600 },
        loki: {
          storage: { s3: { secretAccessKey: "${MY_KEY}", accessKeyId: null, http_config: { ca_file: "/x" } } },
          server: { http_tls_config: { key_file: "/etc/tls/tls.key" } },
        },
        write: {
          extraEnv: [
            { name: "MY_KEY", valueFrom: { secretKeyRef: { name: "s", key: "secretKey" } } },
            { name: "TOKEN_FILE", value: "/var/run/token" },
          ],
          extraArgs: ["-store.password=$(PASSWORD)"],
          extraVolumes: [{ name: "x", secret: { secretName: "x" } }],
        },
        alloy: {
          configMap: {
            content: 'password = sys.env("LOKI_PASSWORD")\ntoken_file = "/x"\n// the password: is in a Secret',
          },
        },
      },
      "v",
      findings,
    );
    assert.deepEqual(findings.problems, []);
  });

  it("and what the stack itself sends has none", async () => {
    const findings = new Findings();
    const planned = await plan(stackFile());
    for (const release of ["loki", "alloy"] as const) checkNoSecrets(valuesOf(planned, release), release, findings);
    assert.deepEqual(findings.problems, []);
  });
});

describe("Helm's templates leave the pipeline as it is", () => {
  /** What `tpl` makes of the only action that the escape may write. */
  const rendered = (text: string) => text.replaceAll(/\{\{ "(\{\{)" \}\}/g, "$1");

  it("whatever is in it", () => {
    const piece = fc.constantFrom("{{", "}}", "{", "}", "{{{", " .Values.x ", '"', "line\n", "$");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        const escaped = escapeForHelm(text);
        assert.equal(rendered(escaped), text);
        assert.ok(!escaped.replaceAll('{{ "{{" }}', "").includes("{{"));
      }),
    );
  });
});

describe("exclusions", () => {
  const excluded = (exclude: string[], file: string) => {
    // Alloy's matcher takes `{a}` for a, Node's takes it literally.
    const alternatives = (glob: string): string[] => {
      const [, before = "", inner = "", after = ""] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(glob) ?? [];
      return inner === "" ? [glob] : inner.split(",").flatMap((one) => alternatives(before + one + after));
    };
    return alternatives(excludeGlob(exclude)).some((glob) => matchesGlob(file, glob));
  };
  const log = (namespace: string, pod: string, folder = "/var/log/pods") =>
    `${folder}/${namespace}_${pod}_0f1e2d3c-0000-4000-8000-000000000000/app/0.log`;

  it("of nothing exclude nothing", () => {
    assert.equal(excludeGlob([]), "");
  });

  it("of a namespace exclude all of its pods and no others", () => {
    assert.ok(excluded(["kube-system"], log("kube-system", "coredns-1")));
    assert.ok(!excluded(["kube-system"], log("kube-system-2", "coredns-1")));
    assert.ok(!excluded(["kube-system"], log("my-kube-system", "coredns-1")));
    assert.ok(!excluded(["kube"], log("kube-system", "coredns-1")));
    assert.ok(excluded(["kube-system"], log("kube-system", "coredns-1", "/var/lib/alloy/replay")));
  });

  it("of pods exclude those alone", () => {
    const exclude = ["team-a/load-test-*", "team-b/one"];
    assert.ok(excluded(exclude, log("team-a", "load-test-7")));
    assert.ok(!excluded(exclude, log("team-a", "api-load-test-7")));
    assert.ok(!excluded(exclude, log("team-b", "load-test-7")));
    assert.ok(excluded(exclude, log("team-b", "one")));
    assert.ok(!excluded(exclude, log("team-b", "one-more")));
  });
});

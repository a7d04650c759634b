// The policy pack: our stacks follow every rule, and each rule finds its violations.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CheckedResource, RULES } from "../../../policies/rules.ts";
import { planOf, STACKS } from "../../harness/plannedStack.ts";

const bucket = (props: object, protect: boolean, name = "logs"): CheckedResource => ({
  type: "minio:index/s3Bucket:S3Bucket",
  name,
  props,
  protect,
});
const policy = (...statements: object[]): CheckedResource => ({
  type: "minio:index/iamPolicy:IamPolicy",
  name: "p",
  props: { policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }) },
  protect: false,
});
const attachment = (policyName: string): CheckedResource => ({
  type: "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment",
  name: "a",
  props: { policyName, userName: "loki" },
  protect: false,
});
const release = (values: object, chart = "loki", version: unknown = "18.11.0"): CheckedResource => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: "loki",
  props: { chart, version, values },
  protect: false,
});
const minioProvider = (minioSsl: unknown): CheckedResource => ({
  type: "pulumi:providers:minio",
  name: "minio",
  props: { minioSsl },
  protect: false,
});
const ALLOW = { Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::loki-a/*"] };
const DENY = { Effect: "Deny", Action: ["admin:*"] };
const kept = { limits_config: { retention_period: "336h" }, compactor: { retention_enabled: true } };

const CASES: Record<string, Array<[what: string, resource: CheckedResource, violations: RegExp[]]>> = {
  "log-buckets-are-protected": [
    ["protected", bucket({ bucket: "loki-a" }, true), []],
    ["a bucket of something else", bucket({ bucket: "backups" }, false, "b"), []],
    ["not protected", bucket({ bucket: "loki-a" }, false), [/protect: true/]],
    ["force-destroyed", bucket({ bucket: "loki-a", forceDestroy: true }, true), [/forceDestroy/]],
    ["named by Pulumi alone", bucket({}, false), [/protect: true/]],
  ],
  "s3-rights-are-narrow": [
    ["ours", policy(ALLOW, DENY), []],
    ["one action as text", policy({ ...ALLOW, Action: "s3:GetObject" }, DENY), []],
    ["s3:*", policy({ ...ALLOW, Action: ["s3:*"] }, DENY), [/s3:\* is more/]],
    ["an admin call", policy({ ...ALLOW, Action: "admin:ServerInfo" }, DENY), [/admin:ServerInfo is more/]],
    ["all buckets", policy({ ...ALLOW, Resource: "arn:aws:s3:::*" }, DENY), [/reaches other buckets/]],
    ["a pattern of buckets", policy({ ...ALLOW, Resource: "arn:aws:s3:::loki-*/*" }, DENY), [/reaches other buckets/]],
    ["everything but", policy({ Effect: "Allow", NotAction: ["s3:DeleteBucket"] }, DENY), [/NotAction/]],
    ["no denial", policy(ALLOW), [/service account that never expires/]],
    ["of a group", { ...policy(ALLOW), type: "minio:index/iamGroupPolicy:IamGroupPolicy" }, [/service account/]],
    ["an attached policy of one cluster", attachment("loki-a"), []],
    ["MinIO's own policy", attachment("consoleAdmin"), [/consoleAdmin reaches every bucket/]],
    ["not JSON", { ...policy(), props: { policy: "{" } }, [/not valid JSON/]],
  ],
  "object-store-has-tls": [
    ["https", release({ loki: { storage: { s3: { endpoint: "https://minio:9000", insecure: false } } } }), []],
    ["another chart", release({ loki: { storage: { s3: { insecure: true } } } }, "tempo"), []],
    ["insecure", release({ loki: { storage: { s3: { insecure: true } } } }), [/insecure means plain HTTP/]],
    ["http://", release({ loki: { storage: { s3: { endpoint: "http://minio:9000" } } } }), [/endpoint is plain HTTP/]],
    [
      "in the other client's block, from a mirror",
      release({ loki: { storage: { object_store: { s3: { insecure: true } } } } }, "oci://mirror/helm/loki"),
      [/object_store.s3.insecure/],
    ],
    [
      "in the structured config",
      release({ loki: { structuredConfig: { storage_config: { aws: { insecure: true } } } } }, "./charts/loki"),
      [/storage_config.aws.insecure/],
    ],
    [
      "in the chart's storage_config",
      release({ loki: { storage_config: { aws: { endpoint: "http://minio:9000" } } } }),
      [/^loki\.storage_config\.aws\.endpoint is plain HTTP/],
    ],
    [
      "in a separate config, as text or not",
      release({ loki: { config: "common: { storage: { s3: { insecure: true } } }\n" } }, "loki-stack"),
      [/^loki\.config\.common\.storage\.s3\.insecure/],
    ],
    ["a config that is a template", release({ loki: { config: "{{- if .Values.a }}\na: [\n" } }), []],
    ["the provider over TLS", minioProvider("true"), []],
    ["the provider without", minioProvider("false"), [/minioSsl: true/]],
    ["the provider's default", minioProvider(undefined), [/minioSsl: true/]],
  ],
  "no-secrets-in-values": [
    ["a reference", release({ loki: { storage: { s3: { secretAccessKey: "${KEY}" } } } }), []],
    [
      "a key",
      release({ loki: { storage: { s3: { secretAccessKey: "PLANTED" } } } }),
      [/^values\.loki\.storage\.s3\.secretAccessKey looks like a secret/],
    ],
    [
      "a key in an address",
      release({ loki: { storage: { s3: { s3: "s3://key:PLANTED@minio:9000/loki" } } } }),
      [/^values\.loki\.storage\.s3\.s3 looks like a secret/],
    ],
    ["in any chart", release({ adminPassword: "PLANTED" }, "grafana"), [/^values\.adminPassword looks/]],
  ],
  "retention-is-set": [
    ["set", release({ loki: kept }), []],
    ["set in the structured config", release({ loki: { structuredConfig: kept } }), []],
    ["set in a separate config", release({ loki: { config: JSON.stringify(kept) } }, "loki-distributed"), []],
    ["another chart", release({}, "alloy"), []],
    ["not at all", release({}), [/no retention/, /retention_enabled/]],
    ["without an end", release({ loki: { ...kept, limits_config: { retention_period: "0s" } } }), [/no retention/]],
    ["not enforced", release({ loki: { ...kept, compactor: {} } }), [/retention_enabled/]],
  ],
  "versions-are-pinned": [
    ["exact", release({}), []],
    ["a folder", release({}, "./charts/loki", null), []],
    ["none", release({}, "loki", null), [/not exact/]],
    ["a range", release({}, "loki", "^18.11.0"), [/the version \^18\.11\.0 is not exact/]],
    ["a latest image", release({ test: { image: { tag: "latest" } } }), [/^values\.test\.image\.tag is latest/]],
  ],
};

for (const rule of RULES) {
  describe(rule.name, () => {
    const cases = CASES[rule.name] ?? [];
    it("has a case that passes and one that fails", () => {
      assert.ok(cases.some(([, , expected]) => expected.length === 0));
      assert.ok(cases.some(([, , expected]) => expected.length > 0));
    });
    for (const [what, resource, expected] of cases) {
      it(`${what}: ${expected.length === 0 ? "fine" : "a violation"}`, () => {
        const violations = rule.violations(resource);
        assert.equal(violations.length, expected.length, violations.join("\n"));
        expected.forEach((pattern, i) => {
          assert.match(violations[i] ?? "", pattern);
        });
        assert.ok(!violations.join().includes("PLANTED"), "a violation repeats the secret");
      });
    }
  });
}

it("both committed stacks follow every rule", async () => {
  for (const stack of STACKS) {
    const { resources } = await planOf(stack);
    assert.ok(resources.length > 20);
    const violations = resources.flatMap(({ type, name, inputs, protect }) =>
      RULES.flatMap((rule) =>
        rule.violations({ type, name, props: inputs, protect }).map((text) => `${name}: ${text}`),
      ),
    );
    assert.deepEqual(violations, []);
  }
});

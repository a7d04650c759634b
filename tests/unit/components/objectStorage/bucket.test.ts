// A cluster's keys allow what Loki needs in the cluster's own bucket, and nothing else.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { COMPONENT_TYPE } from "../../../../components/componentType.ts";
import { bucketPolicy, keyProblem } from "../../../../components/objectStorage/bucket.ts";
import { plan, planOf, resource, stackFile } from "../../../harness/plannedStack.ts";

describe("the policy", () => {
  it("is exactly the reviewed one", () => {
    assert.deepEqual(JSON.parse(bucketPolicy("loki-prod-aks-a")), {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::loki-prod-aks-a"] },
        {
          Effect: "Allow",
          Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
          Resource: ["arn:aws:s3:::loki-prod-aks-a/*"],
        },
        { Effect: "Deny", Action: ["admin:*"] },
      ],
    });
  });

  it("is sent by each stack, for its own bucket", async () => {
    for (const stack of ["prod-aks-a", "prod-aks-b"])
      assert.equal(resource(await planOf(stack), "logging-bucket-policy").inputs.policy, bucketPolicy(`loki-${stack}`));
  });

  /** Whether the policy allows an S3 request, by those of IAM's rules that the policy uses. */
  const allows = (policy: string, action: string, resource: string): boolean => {
    const statements = JSON.parse(policy).Statement as Array<{ Effect: string; Action: string[]; Resource?: string[] }>;
    const matches = (pattern: string, text: string) =>
      new RegExp(`^${pattern.replaceAll(/[.[\](){}+?^$|\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(text);
    const hit = statements.filter(
      (s) => s.Action.some((a) => matches(a, action)) && (s.Resource?.some((r) => matches(r, resource)) ?? true),
    );
    return hit.some((s) => s.Effect === "Allow") && !hit.some((s) => s.Effect === "Deny");
  };
  const bucketName = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/);
  const key = fc.stringMatching(/^[a-z0-9/_.-]{1,30}$/);

  it("lets Loki read, write, list and delete in its own bucket, whatever its name", () => {
    fc.assert(
      fc.property(bucketName, key, (bucket, object) => {
        const policy = bucketPolicy(bucket);
        assert.ok(allows(policy, "s3:ListBucket", `arn:aws:s3:::${bucket}`));
        for (const action of ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
          assert.ok(allows(policy, action, `arn:aws:s3:::${bucket}/${object}`), action);
      }),
    );
  });

  it("opens no other bucket, even if one name begins with the other", () => {
    fc.assert(
      fc.property(bucketName, bucketName, key, (bucket, suffix, object) => {
        const policy = bucketPolicy(bucket);
        for (const other of [`${bucket}-${suffix}`, `${suffix}-${bucket}`, `${bucket}${suffix}`]) {
          for (const action of ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]) {
            assert.ok(!allows(policy, action, `arn:aws:s3:::${other}/${object}`), `${action} ${other}`);
            assert.ok(!allows(policy, action, `arn:aws:s3:::${other}`), `${action} ${other}`);
          }
        }
      }),
    );
  });

  it("allows only the four actions, and no admin call", () => {
    const policy = bucketPolicy("loki");
    for (const action of [
      "s3:DeleteBucket",
      "s3:PutBucketPolicy",
      "s3:PutLifecycleConfiguration",
      "s3:ListAllMyBuckets",
      "s3:CreateBucket",
      "s3:BypassGovernanceRetention",
      "admin:CreateServiceAccount",
      "admin:CreateUser",
      "sts:AssumeRole",
    ]) {
      for (const on of ["arn:aws:s3:::loki", "arn:aws:s3:::loki/x", "arn:aws:s3:::*"])
        assert.ok(!allows(policy, action, on), `${action} on ${on}`);
    }
    assert.ok(JSON.parse(policy).Statement.some((s: { Effect: string }) => s.Effect === "Deny"));
  });
});

describe("a rotation of the bucket's keys", () => {
  it("creates a new user and a new key beside the old ones", async () => {
    const [one, two] = [
      await planOf("prod-aks-a"),
      await plan(
        stackFile((c) => {
          c.objectStorage.credentialsGeneration = 2;
        }),
      ),
    ];
    assert.equal(resource(one, "logging-bucket-user").inputs.name, "loki-prod-aks-a-1");
    assert.equal(resource(two, "logging-bucket-user").inputs.name, "loki-prod-aks-a-2");
    assert.deepEqual(resource(one, "logging-bucket-secret-key").inputs.keepers, { generation: "1" });
    assert.deepEqual(resource(two, "logging-bucket-secret-key").inputs.keepers, { generation: "2" });
    assert.equal(resource(two, "logging-bucket-user-policy").inputs.userName, "loki-prod-aks-a-2");
    const changed = two.resources.filter((r) => {
      if (r.type === COMPONENT_TYPE) return false;
      const before = one.resources.find((o) => o.name === r.name && o.type === r.type);
      return JSON.stringify(r) !== JSON.stringify(before);
    });
    assert.deepEqual(changed.map((r) => r.name).sort(), [
      "logging-bucket-secret-key",
      "logging-bucket-user",
      "logging-bucket-user-policy",
    ]);
  });

  it("creates keys of letters and digits only, which stay unchanged in Loki's config", async () => {
    for (const name of ["bucket-secret-key", "gateway-password-1"]) {
      const { inputs } = resource(await planOf("prod-aks-a"), `logging-${name}`);
      assert.equal(inputs.special, false, name);
      assert.equal(inputs.length, 40, name);
    }
  });
});

describe("a given key", () => {
  it("stays unchanged in Loki's config, and is long enough for MinIO", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/._-][A-Za-z0-9+/._@-]{7,60}$/), (key) => {
        assert.equal(keyProblem("objectStorageSecretKey", key), undefined);
        assert.equal(keyProblem("objectStorageAccessKey", key), undefined);
        assert.equal(parse(`s3:\n  key: ${key}\n`, { schema: "failsafe" }).s3.key, key);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(..."$ \n:{}\"'#=,`"), fc.string(), (a, sign, b) => {
        const problem = keyProblem("objectStorageSecretKey", a + sign + b);
        assert.ok(problem);
        assert.equal(problem.given, undefined);
      }),
    );
    assert.ok(keyProblem("objectStorageSecretKey", "short12"));
    assert.ok(keyProblem("objectStorageAccessKey", "ab"));
  });
});

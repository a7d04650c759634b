import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sharedBucket } from "../../../stack/sharedBucket.ts";
import type { Loose } from "../../harness/manifest.ts";
import { stackFile } from "../../harness/plannedStack.ts";

const endpoint = "https://minio.internal.company:9000";
const OWN = { stack: "prod-aks-a", clusterName: "prod-aks-a", endpoint };
const NAMED = { ...OWN, bucket: "loki-prod-aks-b" };

/** The file of another stack, with a changed object storage and cluster. */
const other = (storage: Loose, cluster: Loose = {}) =>
  stackFile(
    (config) => {
      Object.assign(config.objectStorage, { endpoint, ...storage });
      Object.assign(config.cluster, cluster);
    },
    { stack: "prod-aks-b" },
  );

describe("a bucket that two stacks share", () => {
  it("is a problem that names the other stacks", () => {
    const found = sharedBucket(OWN, [other({}), other({ bucket: "loki-prod-aks-a" })]);
    assert.equal(found?.subject, "objectStorage.bucket");
    assert.equal(found?.given, "loki-prod-aks-a");
    assert.match(found?.text ?? "", /no other stack uses; prod-aks-b would delete/);
  });

  it("is shared too if this stack names the other's default bucket", () => {
    assert.match(sharedBucket(NAMED, [other({})])?.text ?? "", /prod-aks-b would/);
  });

  for (const [what, own, file, fix] of [
    [
      "the other stack names this one's",
      OWN,
      other({ bucket: "loki-prod-aks-a" }),
      "remove objectStorage.bucket from Pulumi.prod-aks-b.yaml: it then has loki-prod-aks-b",
    ],
    [
      "this stack names the other's",
      NAMED,
      other({}),
      "remove objectStorage.bucket from Pulumi.prod-aks-a.yaml: it then has loki-prod-aks-a",
    ],
    [
      "both name a third",
      { ...OWN, bucket: "logs" },
      other({ bucket: "logs" }),
      "remove objectStorage.bucket from Pulumi.prod-aks-a.yaml: it then has loki-prod-aks-a; remove objectStorage.bucket from Pulumi.prod-aks-b.yaml: it then has loki-prod-aks-b",
    ],
    [
      "the other file is a copy with the old name in it",
      OWN,
      other({}, { name: "prod-aks-a" }),
      "write prod-aks-b as cluster.name in Pulumi.prod-aks-b.yaml, not prod-aks-a",
    ],
    [
      "the bucket exists already",
      OWN,
      other({ mode: "existing", bucket: "loki-prod-aks-a" }),
      "name another bucket in Pulumi.prod-aks-b.yaml",
    ],
  ] as const)
    it(`has a fix in the files that cause it: ${what}`, () => assert.equal(sharedBucket(own, [file])?.fix, fix));

  it("is not shared with a bucket of the same name on another object store, or with a file that cannot be read", () => {
    const elsewhere = other({ bucket: "loki-prod-aks-a", endpoint: "https://other:9000" });
    const broken = { stack: "prod-aks-c", config: { "logging:objectStorage": "{" }, secretKeys: [] };
    assert.equal(sharedBucket(OWN, [other({}), elsewhere, broken]), undefined);
  });
});

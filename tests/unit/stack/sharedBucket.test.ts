import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sharedBucket } from "../../../stack/sharedBucket.ts";
import type { Loose } from "../../harness/manifest.ts";
import { stackFile } from "../../harness/plannedStack.ts";

const BUCKET = { endpoint: "https://minio.internal.company:9000", bucket: "loki-prod-aks-a" };

/** The file of another stack, with a changed object storage. */
const other = (storage: Loose) =>
  stackFile((config) => Object.assign(config.objectStorage, { endpoint: BUCKET.endpoint, ...storage }), {
    stack: "prod-aks-b",
  });

describe("a bucket that two stacks share", () => {
  it("is a problem that names the other stacks", () => {
    const found = sharedBucket(BUCKET, [other({}), other({ bucket: BUCKET.bucket })]);
    assert.equal(found?.subject, "objectStorage.bucket");
    assert.equal(found?.given, "loki-prod-aks-a");
    assert.match(found?.text ?? "", /no other stack uses; prod-aks-b would delete/);
    assert.match(found?.fix ?? "", /remove objectStorage\.bucket/);
  });

  it("is shared too if this stack names the other's default bucket", () => {
    assert.match(sharedBucket({ ...BUCKET, bucket: "loki-prod-aks-b" }, [other({})])?.text ?? "", /prod-aks-b would/);
  });

  it("is not shared with a bucket of the same name on another object store, or with a file that cannot be read", () => {
    const elsewhere = other({ bucket: BUCKET.bucket, endpoint: "https://other:9000" });
    const broken = { stack: "prod-aks-c", config: { "logging:objectStorage": "{" }, secretKeys: [] };
    assert.equal(sharedBucket(BUCKET, [other({}), elsewhere, broken]), undefined);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { protectedResources, stateOf } from "../../../../automation/engine/stackState.ts";
import { keyOfUrn, nameOf, typeOf } from "../../../../automation/engine/urn.ts";

const URN = "urn:pulumi:prod-aks-a::logging::logging:index:LoggingStack$minio:index/s3Bucket:S3Bucket::logging-bucket";

describe("a stack's state", () => {
  it("is empty before the first deploy", async () => {
    for (const deployment of [undefined, null])
      assert.deepEqual(
        await stateOf({ exportStack: async () => ({ version: 3, deployment }) } as unknown as Stack),
        {},
      );
  });

  it("lists its protected resources", () => {
    const type = "minio:index/s3Bucket:S3Bucket";
    const resources = [
      { urn: URN, type, protect: true },
      { urn: `${URN}-2`, type },
    ];
    assert.deepEqual(protectedResources({ resources }), [{ type, name: "logging-bucket", urn: URN }]);
    assert.deepEqual(protectedResources({}), []);
  });
});

it("a URN holds a resource's type, without its parents' types, and its name", () => {
  assert.equal(nameOf(URN), "logging-bucket");
  assert.equal(typeOf(URN), "minio:index/s3Bucket:S3Bucket");
  assert.equal(keyOfUrn(URN), "minio:index/s3Bucket:S3Bucket::logging-bucket");
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { V1Secret } from "@kubernetes/client-node";
import {
  driftedSecrets,
  orphanedSecrets,
  pendingOperations,
  pendingReleases,
  unknownToState,
} from "../../../../automation/doctor/brokenDeploy.ts";
import type { Loose } from "../../../harness/manifest.ts";

describe("what a killed deploy leaves", () => {
  const release = (name: string, version: number, status: string): V1Secret => ({
    type: "helm.sh/release.v1",
    metadata: { name: `sh.helm.release.v1.${name}.v${version}`, labels: { name, version: String(version), status } },
  });

  it("is a release with a pending revision", () => {
    const found = pendingReleases("logging", [
      release("loki", 9, "superseded"),
      release("loki", 10, "pending-upgrade"),
      release("alloy", 1, "pending-install"),
      release("alloy", 2, "deployed"),
    ]);
    assert.deepEqual(
      found.map(({ fix }) => fix),
      ["kubectl -n logging delete secret sh.helm.release.v1.loki.v10"],
    );
    assert.match(found[0]?.text ?? "", /revision 10 was left pending-upgrade/);
    assert.deepEqual(pendingReleases("logging", [release("loki", 1, "failed")]), []);
  });

  it("is a pending operation, which a refresh clears after the lock", () => {
    const urn = "urn:pulumi:a::logging::kubernetes:core/v1:Namespace::logging-namespace";
    const state = {
      pending_operations: [{ type: "creating", resource: { urn, type: "kubernetes:core/v1:Namespace" } }],
    };
    assert.deepEqual(pendingOperations("a", state), [
      {
        subject: "the state",
        text: "has unfinished operations of a deploy that was killed, or is still running: creating logging-namespace",
        fix: "pulumi cancel --stack a --yes; npm run deploy -- refresh --stack a --clear-pending-creates",
      },
    ]);
    assert.deepEqual(pendingOperations("a", {}), []);
  });

  it("is a resource that exists and is not in the state", async () => {
    const resource = (type: string, name: string, protect = false) => ({
      type,
      name,
      inputs: {},
      protect,
      dependsOn: [],
      ignoreChanges: [],
    });
    const planned = [resource("minio:index/s3Bucket:S3Bucket", "bucket", true), resource("random:x:Y", "password")];
    const urn = (type: string, name: string): Loose => ({ urn: `urn:pulumi:a::logging::${type}::${name}`, type });
    const idOf = async ({ type }: { type: string }) => (type.endsWith("S3Bucket") ? "loki-a" : undefined);
    const known = [urn("logging:index:LoggingStack", "logging"), urn("pulumi:providers:minio", "minio")];
    const [found] = await unknownToState("a", planned, { resources: known }, idOf);
    assert.match(
      found?.fix ?? "",
      /^pulumi import 'minio:index\/s3Bucket:S3Bucket' bucket 'loki-a' --stack a .*--protect=true --parent 'logging=urn/,
    );
    assert.match((await unknownToState("a", planned, {}, idOf))[0]?.fix ?? "", /docs\/adopting\.md/);
    const own = urn("logging:index:LoggingStack$minio:index/s3Bucket:S3Bucket", "bucket");
    assert.deepEqual(await unknownToState("a", planned, { resources: [...known, own] }, idOf), []);
  });

  it("is a Secret that is gone, was created again, or is not in use", () => {
    const secret = (name: string, uid: string): V1Secret => ({ metadata: { name, uid } });
    const resource = (name: string, uid: string): Loose => ({
      urn: "urn:pulumi:a::logging::kubernetes:core/v1:Secret::logging-minio-credentials",
      type: "kubernetes:core/v1:Secret",
      outputs: { metadata: { name, uid } },
    });
    const state = { resources: [resource("logging-minio-credentials-0a1b2c3d", "1")] };
    const live = secret("logging-minio-credentials-0a1b2c3d", "1");
    assert.deepEqual(driftedSecrets("a", state, [live]), []);
    assert.match(driftedSecrets("a", state, [])[0]?.text ?? "", /not in the cluster/);
    assert.match(
      driftedSecrets("a", state, [secret("logging-minio-credentials-0a1b2c3d", "2")])[0]?.text ?? "",
      /created again/,
    );
    const orphan = secret("logging-minio-credentials-ffffffff", "3");
    const theirs = secret("logging-minio-credentials-of-another", "4");
    assert.deepEqual(
      orphanedSecrets("logging", state, [live, orphan, theirs], new Set()).map(({ fix }) => fix),
      ["kubectl -n logging delete secret logging-minio-credentials-ffffffff"],
    );
    assert.deepEqual(
      orphanedSecrets("logging", state, [live, orphan], new Set(["logging-minio-credentials-ffffffff"])),
      [],
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";
import { failedRevision } from "../../../stack/failedRevisions.ts";

const release = (name: string, version: number, status: string): V1Secret => ({
  type: "helm.sh/release.v1",
  metadata: { name: `sh.helm.release.v1.${name}.v${version}`, labels: { name, version: String(version), status } },
});

describe("a failed revision", () => {
  it("over a deployed one has to be rolled back; a first revision that failed does not", () => {
    const secrets = [
      release("loki", 9, "deployed"),
      release("loki", 10, "failed"),
      release("loki", 11, "failed"),
      release("alloy", 1, "failed"),
      release("other", 1, "failed"),
      release("other", 2, "deployed"),
    ];
    const found = (name: string) => failedRevision(secrets, { name, version: "1.0.0", values: {} });
    assert.deepEqual(found("loki"), { failed: 11, deployed: 9 });
    assert.equal(found("alloy"), undefined);
    assert.equal(found("other"), undefined);
  });

  it("is not rolled back if the same update is tried again: pods would restart twice", () => {
    const text = (version: string, config: object): string =>
      gzipSync(JSON.stringify({ chart: { metadata: { version } }, config })).toString("base64");
    const failed = (revision: number, version: string, config: object): V1Secret => ({
      ...release("loki", revision, "failed"),
      data: { release: Buffer.from(text(version, config)).toString("base64") },
    });
    const wanted = { name: "loki", version: "18.11.0", values: { read: { replicas: 3 } } };
    const rolledBack = (...revisions: V1Secret[]): boolean =>
      failedRevision([release("loki", 9, "deployed"), ...revisions], wanted) !== undefined;
    assert.equal(rolledBack(failed(10, "18.11.0", { read: { replicas: 3 } })), false);
    assert.equal(rolledBack(failed(10, "18.11.0", { read: { replicas: 4 } })), true);
    assert.equal(rolledBack(failed(10, "18.10.1", { read: { replicas: 3 } })), true);
    const older = failed(10, "18.11.0", { read: { replicas: 4 } });
    assert.equal(rolledBack(older, failed(11, "18.11.0", { read: { replicas: 3 } })), true);
  });
});

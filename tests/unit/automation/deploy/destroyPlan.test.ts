import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { destroyPlan } from "../../../../automation/deploy/destroyPlan.ts";
import type { Loose } from "../../../harness/manifest.ts";

describe("the plan of a destroy", () => {
  it("has what goes, in order, and what is protected; neither providers nor the component", () => {
    const urn = (type: string, name: string) =>
      `urn:pulumi:prod-aks-a::logging::logging:index:LoggingStack$${type}::${name}`;
    const step = (op: string, type: string, name: string): EngineEvent =>
      ({ sequence: 1, timestamp: 1, resourcePreEvent: { metadata: { op, type, urn: urn(type, name) } } }) as Loose;
    const release = "kubernetes:helm.sh/v3:Release";
    const bucket = "minio:index/s3Bucket:S3Bucket";
    const events = [
      { sequence: 0, timestamp: 0, preludeEvent: { config: {} } },
      step("delete", release, "logging-alloy"),
      step("delete", release, "logging-loki"),
      step("delete", "pulumi:providers:kubernetes", "kubernetes"),
      step("same", bucket, "logging-bucket"),
    ];
    const deployment = {
      resources: [
        { urn: urn("logging:index:LoggingStack", "logging"), type: "logging:index:LoggingStack", protect: true },
        { urn: urn(bucket, "logging-bucket"), type: bucket, protect: true },
        { urn: urn(release, "logging-loki"), type: release },
      ],
    };
    assert.deepEqual(destroyPlan(events, deployment), {
      goes: [
        { type: release, name: "logging-alloy" },
        { type: release, name: "logging-loki" },
      ],
      stays: [{ type: bucket, name: "logging-bucket" }],
    });
  });
});

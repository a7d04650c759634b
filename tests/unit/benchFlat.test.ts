// The benchmark compares with a program that has the same resources: a stale one would flatter the component, or wrong it.
import assert from "node:assert/strict";
import { it } from "node:test";
import { type PlannedResource, recordProgram } from "../../automation/offlinePlan.ts";
import { plan, stackFile } from "./program.ts";

/** The providers' addresses and the charts' places are the benchmark's own. */
const compared = ({ type, name, inputs, protect, ignoreChanges }: PlannedResource) => {
  const { chart: _, repositoryOpts: __, ...rest } = inputs;
  return { type, name, protect, ignoreChanges, inputs: rest };
};

it("bench/flat registers what the stack prod-aks-a registers", async () => {
  const stack = await plan(stackFile());
  const flat = await recordProgram(
    "flat",
    {
      stack: "flat",
      config: {
        "flat:minioServer": "minio.internal.company:9000",
        "flat:caFile": "certs/minio-internal-company-ca.pem",
        "flat:lokiChart": "loki",
        "flat:alloyChart": "alloy",
      },
      secretKeys: [],
    },
    () => import("../../bench/flat/index.ts"),
  );
  const own = ({ type }: PlannedResource) =>
    type.startsWith("pulumi:providers:") || type === "logging:index:LoggingStack";
  assert.deepEqual(
    flat.resources.filter((r) => !own(r)).map(compared),
    stack.resources.filter((r) => !own(r)).map(compared),
  );
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { sizing } from "../../../../automation/changes/costs.ts";
import { stackFile } from "../../../harness/plannedStack.ts";
import { manifest, releaseOf } from "./manifests.ts";

it("the report counts requests as AKS raises them, if the config tells that it does", () => {
  const { config } = stackFile();
  const cluster = JSON.parse(config["logging:cluster"] ?? "");
  const nodePool = JSON.parse(config["logging:nodePool"] ?? "");
  const container = (cpu: string, memory: string) => ({ name: "c", resources: { requests: { cpu, memory } } });
  const objects = [
    manifest("Deployment", "gateway", {
      spec: { replicas: 2, template: { spec: { containers: [container("50m", "64Mi"), container("200m", "20Mi")] } } },
    }),
    manifest("DaemonSet", "alloy", { spec: { template: { spec: { containers: [container("20m", "256Mi")] } } } }),
  ];
  const of = (safeguards?: string) =>
    sizing({
      resources: [
        {
          type: "logging:index:LoggingStack",
          inputs: { cluster: { ...cluster, ...(safeguards && { safeguards }) }, nodePool },
        },
      ],
      releases: releaseOf(...objects),
    });
  assert.deepEqual(of().requested, { pods: 2, cpu: 500, memory: 168 });
  assert.deepEqual(of("Enforce").requested, { pods: 2, cpu: 600, memory: 400 });
  const agents = (of().offered?.cpu ?? 0) - (of("Enforce").offered?.cpu ?? 0);
  assert.equal(agents, 5 * 80, "each of five nodes has an agent");
});

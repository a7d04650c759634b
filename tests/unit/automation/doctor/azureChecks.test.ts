import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodesToCome, quotaFindings, rightsFindings } from "../../../../automation/doctor/azureChecks.ts";

describe("the answers of Azure", () => {
  it("rights and quota are judged", () => {
    const cluster = (state: string, networkPolicy: string | null) => ({
      location: "x",
      provisioningState: state,
      networkProfile: { networkPolicy },
    });
    const permission = (...actions: string[]) => [{ actions, notActions: [] }];
    assert.deepEqual(rightsFindings(permission("*"), "ID"), []);
    assert.deepEqual(rightsFindings(permission("Microsoft.ContainerService/managedClusters/*"), "ID"), []);
    assert.match(rightsFindings(permission("*/read"), "ID")[0]?.text ?? "", /agentPools\/write, .*agentPools\/delete$/);
    assert.match(
      rightsFindings(
        [{ actions: ["*"], notActions: ["Microsoft.ContainerService/managedClusters/agentPools/delete"] }],
        "ID",
      )[0]?.text ?? "",
      /may not \S+delete$/,
    );
    const usage = (value: string, currentValue: number, limit: number) => ({ name: { value }, currentValue, limit });
    const quota = [usage("standardDSv5Family", 90, 100), usage("cores", 0, 100)];
    assert.deepEqual(quotaFindings(quota, "standardDSv5Family", 10, "x"), []);
    assert.match(
      quotaFindings(quota, "StandardDSv5Family", 20, "x")[0]?.text ?? "",
      /has 10 vCPUs left, and the pool needs 20 more/,
    );
    assert.equal(quotaFindings(quota, "standardDSv5Family", 200, "x").length, 2);
    const pools = (count: number) => ({
      ...cluster("Succeeded", null),
      agentPoolProfiles: [
        { name: "other", count: 9 },
        { name: "logs", count },
      ],
    });
    assert.equal(nodesToCome(cluster("Succeeded", null), "logs", 5), 5);
    assert.deepEqual(
      [0, 3, 5, 6].map((count) => nodesToCome(pools(count), "logs", 5)),
      [5, 2, 0, 0],
      "existing nodes are in the usage already",
    );
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { parseAksResourceId } from "../../../../components/cluster/args.ts";

it("an ARM ID is parsed whatever its case, and anything else is not", () => {
  const id =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks";
  const parts = {
    subscriptionId: "00000000-0000-0000-0000-000000000000",
    resourceGroupName: "rg",
    resourceName: "aks",
  };
  assert.deepEqual(parseAksResourceId(id), parts);
  assert.deepEqual(parseAksResourceId(id.replace("resourceGroups", "resourcegroups")), parts);
  for (const bad of [`${id}/agentPools/x`, id.slice(1), id.replace("aks", ""), ""])
    assert.equal(parseAksResourceId(bad), undefined);
});

// IDs of Azure's resources, as arguments take them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isResourceGroup, parseArmId } from "../../../components/armIds.ts";

const GUID = "01234567-89ab-cdef-0123-456789ABCDEF";
const SUBNET = "Microsoft.Network/virtualNetworks/subnets";
const subnet = (guid: string, group: string, name: string): string =>
  `/subscriptions/${guid}/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/${name}`;

describe("an ARM ID", () => {
  it("has a subscription, a resource group, and the name of each part of its type", () => {
    assert.deepEqual(parseArmId(subnet(GUID, "rg_(west).1", "Logs 1".replace(" ", "-")), SUBNET), {
      subscriptionId: GUID,
      resourceGroupName: "rg_(west).1",
      names: ["vnet", "Logs-1"],
    });
  });

  it("is the same in any case, as in Azure", () => {
    const id = subnet(GUID, "rg", "logs").replace("resourceGroups", "resourcegroups").replace("Microsoft", "microsoft");
    assert.equal(parseArmId(id, SUBNET)?.resourceGroupName, "rg");
  });

  for (const [what, id] of [
    ["a GUID of dashes", subnet("-".repeat(36), "rg", "logs")],
    ["a GUID without dashes", subnet("0".repeat(36), "rg", "logs")],
    ["a GUID with dashes elsewhere", subnet("0123456-789ab-cdef-0123-456789abcdef", "rg", "logs")],
    ["a GUID that is too long", subnet(`${GUID}0`, "rg", "logs")],
    ["a group that ends with a dot", subnet(GUID, "rg.", "logs")],
    ["a name that is encoded", subnet(GUID, "rg", "a%20b")],
    ["a name that is left open", subnet(GUID, "rg", "…")],
    ["another type", subnet(GUID, "rg", "logs").replace("subnets", "virtualNetworkPeerings")],
    ["a part of a subnet", `${subnet(GUID, "rg", "logs")}/x`],
    ["a dot that is another letter", subnet(GUID, "rg", "logs").replace("Microsoft.", "Microsoft-")],
  ])
    it(`is not one with ${what}`, () => assert.equal(parseArmId(id as string, SUBNET), undefined));
});

it("the name of a resource group follows Azure's rules", () => {
  for (const name of ["rg", "rg-prod_(1).a", "größe", "a".repeat(90)]) assert.ok(isResourceGroup(name), name);
  for (const name of ["", "rg.", "a/b", "a b", "a".repeat(91)]) assert.ok(!isResourceGroup(name), name);
});

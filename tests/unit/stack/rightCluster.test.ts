import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { V1Node } from "@kubernetes/client-node";
import { deployedNamespace, foreignNode, wrongAddress } from "../../../stack/rightCluster.ts";

const ID =
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-a/providers/Microsoft.ContainerService/managedClusters/a";

describe("the right cluster", () => {
  const node = (group: string, subscription = "00000000-0000-0000-0000-000000000000"): V1Node => ({
    metadata: { name: "n" },
    spec: {
      providerID: `azure:///subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachineScaleSets/x/virtualMachines/0`,
    },
  });

  it("has its own nodes: those of another AKS cluster are refused, those outside Azure are not", () => {
    assert.equal(foreignNode([node("mc_rg-a_a_westeurope")], ID), undefined);
    assert.equal(foreignNode([node("MC_RG-A_A_westeurope")], ID), undefined);
    assert.equal(
      foreignNode([node("a-name-of-ours")], ID),
      undefined,
      "a node resource group with a name of the user's choice",
    );
    assert.equal(foreignNode([{ spec: { providerID: "kind://x" } }], ID), undefined);
    assert.match(foreignNode([node("mc_rg-a_b_westeurope")], ID)?.text ?? "", /is not a node of/);
    assert.match(
      foreignNode([node("a-name-of-ours", "11111111-0000-0000-0000-000000000000")], ID)?.text ?? "",
      /subscription 11111111/,
    );
  });

  it("has the address of access.server", () => {
    const access = { method: "kubeconfig", path: "p", context: "c", server: "https://a.example.com:443" } as const;
    assert.equal(wrongAddress("https://a.example.com/", access), undefined);
    assert.match(
      wrongAddress("https://b.example.com", access)?.text ?? "",
      /leads to https:\/\/b\.example\.com, but access\.server is/,
    );
    assert.equal(wrongAddress("https://b.example.com", { method: "kubeconfig", path: "p", context: "c" }), undefined);
  });

  it("is recorded in the state by the UID of its namespace", () => {
    const metadata = { name: "logging", uid: "u" };
    assert.deepEqual(
      deployedNamespace({ resources: [{ urn: "u", type: "kubernetes:core/v1:Namespace", outputs: { metadata } }] }),
      metadata,
    );
    assert.equal(deployedNamespace({}), undefined);
  });
});

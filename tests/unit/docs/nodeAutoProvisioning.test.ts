// The objects and the stack file in docs/node-auto-provisioning.md fit each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { canCreate, type KarpenterPool, karpenterFindings } from "../../../automation/doctor/karpenterPools.ts";
import { resolveArgs } from "../../../components/args.ts";
import { NOBODY_IS_ALERTED } from "../../../components/monitoring/args.ts";
import { nodePoolArgs } from "../../../components/nodePool/args.ts";
import type { Loose } from "../../harness/manifest.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";

const [objects = "", file = ""] = [
  ...readFileSync("docs/node-auto-provisioning.md", "utf8").matchAll(/```yaml\n([\s\S]*?)```/g),
].map(([, text]) => text ?? "");
const [nodeClass, nodePool] = parseAllDocuments(objects).map((document) => document.toJS() as Loose);
const resolved = async () => {
  const { args } = await load(
    stackFile((c) => {
      c.nodePool = parse(file).config["logging:nodePool"];
    }),
  );
  return resolveArgs(args);
};

describe("the example of a pool of Karpenter", () => {
  it("is accepted without a warning, with room for all of Loki's pods", async () => {
    const { capacity, warnings } = await resolved();
    assert.deepEqual(warnings, [NOBODY_IS_ALERTED]);
    assert.equal(capacity?.fits, true);
  });

  it("has the label, the taints and the limits of the stack file, and Cilium's startup taint", async () => {
    const args = await resolved();
    assert.ok(canCreate(nodePool as KarpenterPool, "workload", "logging"));
    assert.deepEqual(karpenterFindings(nodePool as KarpenterPool, args), []);
    const sizes = nodePool?.spec.template.spec.requirements.find(({ key }: Loose) => /sku-name$/.test(key));
    assert.deepEqual(sizes.values, [parse(file).config["logging:nodePool"].capacity.vmSize]);
    assert.equal(nodeClass?.metadata.name, nodePool?.spec.template.spec.nodeClassRef.name);
  });

  it("has nodes like those that the stack creates: pods, disk, and log files", () => {
    const created = nodePoolArgs.parse({
      mode: "create",
      vmSize: "Standard_D4s_v5",
      subnetId: `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s`,
      minCount: 3,
      maxCount: 5,
    });
    assert.ok(created.mode === "create");
    const { maxPods, osDiskSizeGB, kubelet } = nodeClass?.spec ?? {};
    assert.deepEqual([maxPods, osDiskSizeGB], [created.maxPods, created.osDiskSizeGiB]);
    assert.deepEqual(kubelet, {
      containerLogMaxSize: `${created.containerLogs.maxSizeMb}Mi`,
      containerLogMaxFiles: created.containerLogs.maxFiles,
    });
  });
});

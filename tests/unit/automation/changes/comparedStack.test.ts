import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggingPool } from "../../../../automation/changes/comparedStack.ts";
import { stackFile } from "../../../harness/plannedStack.ts";

const vm = { cpu: 4, memoryGiB: 16, dataDisks: 8, localDiskGiB: 0 };
const component = (nodePool: unknown) => ({ type: "logging:index:LoggingStack", inputs: { nodePool } });
const created = {
  type: "azure-native:containerservice:AgentPool",
  inputs: { vmSize: "Standard_D4s_v5", maxPods: 60, maxCount: 5 },
};

describe("the logging pool of a stack", () => {
  it("is that of the component's arguments", () => {
    const own = JSON.parse(stackFile().config["logging:nodePool"] ?? "");
    assert.deepEqual(loggingPool([component(own)]), { vm, maxPods: 60, nodes: 5 });
    const existing = { mode: "existing", label: { key: "pool", value: "logs" } };
    const capacity = { vmSize: "Standard_D4s_v5", maxCount: 3 };
    assert.deepEqual(loggingPool([component({ ...existing, capacity })]), { vm, maxPods: 110, nodes: 3 });
    assert.equal(loggingPool([component(existing), created]), undefined);
    assert.equal(loggingPool([component({ mode: "none" })]), undefined);
  });

  it("is the created pool in versions that did not record their arguments", () => {
    assert.deepEqual(loggingPool([component(undefined), created]), { vm, maxPods: 60, nodes: 5 });
    assert.equal(loggingPool([component(undefined)]), undefined);
  });
});

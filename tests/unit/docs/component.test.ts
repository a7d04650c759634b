// The example of docs/component.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { recordProgram } from "../../../automation/plan/offlinePlan.ts";
import { exclusively } from "../../harness/plannedStack.ts";

const SUBNET =
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/logging";

it("docs/component.md quotes the example as it is", () => {
  const example = readFileSync("docs/examples/program.ts", "utf8");
  assert.ok(readFileSync("docs/component.md", "utf8").includes(`\`\`\`ts\n${example}\`\`\``), example);
});

it("the example registers the stack with values, secrets and providers of another program", async (t) => {
  t.mock.method(pulumi.StackReference.prototype, "getOutputDetails", async () => ({ value: SUBNET }));
  const config = {
    "platform:subscriptionId": "00000000-0000-0000-0000-000000000000",
    "platform:kubeconfig": "apiVersion: v1",
    "platform:registryCredentials": '{"auths":{"registry.example":{"auth":"dXNlcjpwYXNzd29yZA=="}}}',
  };
  const stack = { stack: "prod", config, secretKeys: ["platform:kubeconfig", "platform:registryCredentials"] };
  const { resources, outputs, warnings } = await exclusively(() =>
    recordProgram("platform", stack, () => import("../../../docs/examples/program.ts")),
  );
  assert.deepEqual(warnings, []);
  const inputsOf = (name: string) => resources.find((resource) => resource.name === name)?.inputs;
  assert.equal(inputsOf("logging-node-pool")?.vnetSubnetID, SUBNET);
  assert.equal(inputsOf("logging-image-pull")?.stringData, "[secret]");
  assert.ok(resources.some(({ type, name }) => type === "logging:index:LoggingStack" && name === "logging"));
  assert.equal(outputs.queryUrl, "http://loki-gateway.logging.svc.cluster.local");
});

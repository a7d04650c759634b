import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sharedCluster } from "../../../stack/sharedCluster.ts";
import { problemAt, refusal, stackFile } from "../../harness/plannedStack.ts";

const OTHER = stackFile(() => {}, { stack: "prod-aks-b" });
const RESOURCE_ID = JSON.parse(OTHER.config["logging:cluster"] ?? "").resourceId as string;

describe("a cluster that two stacks share", () => {
  it("is refused: a stack file was copied, and the old cluster left in it", async () => {
    for (const resourceId of [RESOURCE_ID, RESOURCE_ID.toUpperCase().replace("/SUBSCRIPTIONS/", "/subscriptions/")]) {
      const error = await refusal(
        stackFile((config) => {
          config.cluster.resourceId = resourceId;
        }),
      );
      const { given, text, fix } = problemAt(error, "cluster.resourceId");
      assert.equal(given, resourceId);
      assert.match(text, /no other stack has: Pulumi\.prod-aks-b\.yaml names it too$/);
      assert.match(fix, /`az aks show --query id -o tsv` prints for prod-aks-a, or for prod-aks-b$/);
    }
  });

  it("is not shared without an id, or with a file that cannot be read", () => {
    const broken = { stack: "prod-aks-c", config: { "logging:cluster": "{" }, secretKeys: [] };
    assert.equal(sharedCluster("prod-aks-a", undefined, [OTHER]), undefined);
    assert.equal(sharedCluster("prod-aks-a", RESOURCE_ID, [broken]), undefined);
  });
});

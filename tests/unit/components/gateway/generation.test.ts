// The gateway keeps one previous password. After a step of two generations, or back, it would refuse Alloy's lines.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generationProblems } from "../../../../components/gateway/password.ts";
import { stackFile } from "../../../harness/plannedStack.ts";
import { planAndRegistrations } from "../../../harness/registrations.ts";

describe("a generation, compared with the deployed one:", () => {
  const CASES: Array<[what: string, deployed: number | undefined, wanted: number, isAccepted: boolean]> = [
    ["any, with nothing deployed,", undefined, 7, true],
    ["the same", 3, 3, true],
    ["one more", 3, 4, true],
    ["two more", 3, 5, false],
    ["one less", 3, 2, false],
    ["the first again", 3, 1, false],
  ];
  for (const [what, deployed, wanted, isAccepted] of CASES) {
    it(`${what} is ${isAccepted ? "accepted" : "refused"}`, () => {
      const [problem, ...more] = generationProblems(deployed, wanted);
      assert.deepEqual(more, []);
      if (isAccepted) return assert.equal(problem, undefined);
      assert.equal(problem?.subject, "loki.gateway.credentialsGeneration");
      assert.equal(problem?.given, wanted);
      assert.match(problem?.fix ?? "", /write 4, run pulumi up/);
    });
  }
});

it("both releases have the hook, and the annotation that it reads", async () => {
  const { sent } = await planAndRegistrations(stackFile());
  for (const [release, section] of [
    ["logging-loki", "gateway"],
    ["logging-alloy", "controller"],
  ] as const) {
    const request = sent.find((r) => r.getName() === release) as unknown as {
      getHooks(): { getBeforeUpdateList(): string[] } | undefined;
      getObject(): { toJavaScript(): { values: Record<string, { podAnnotations: Record<string, string> }> } };
    };
    assert.ok(request.getHooks()?.getBeforeUpdateList().includes(`${release}-gateway-generation`));
    assert.deepEqual(request.getObject().toJavaScript().values[section]?.podAnnotations, {
      "logging/gateway-credentials-generation": "1",
    });
  }
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { parse } from "yaml";
import { podLogsPipeline } from "../../../../components/alloy/pipeline.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";

/** Receivers of the pipeline that read files of a namespace, for each of its rules. */
async function receivers(multiline: readonly Loose[], namespace: string): Promise<string[]> {
  const { resolved } = await load(
    stackFile((config) => {
      config.alloy = { ...config.alloy, multiline };
    }),
  );
  const { receivers } = parse(podLogsPipeline(resolved.alloy), { merge: true, maxAliasCount: -1 });
  return Object.entries<Loose>(receivers)
    .filter(([, { include }]) => include.some((glob: string) => glob.startsWith(`/var/log/pods/${namespace}_`)))
    .map(([name]) => name);
}

const java = { namespaces: ["team-a"], kind: "java" };
const go = { namespaces: ["team-b"], kind: "go" };

it("a rule keeps its receivers, and so how far they have read, when others come, go or move", async () => {
  const names = await receivers([java], "team-a");
  assert.equal(new Set(names).size, 16);
  for (const rules of [
    [go, java],
    [java, go],
    [{ ...java, namespaces: ["team-c"], containers: ["api"] }, go, java],
  ])
    assert.deepEqual(await receivers(rules, "team-a"), names);
});

it("a rule keeps them when it finds entries by something else", async () => {
  assert.deepEqual(
    await receivers([{ namespaces: ["team-a"], firstLine: "level=" }], "team-a"),
    await receivers([java], "team-a"),
  );
});

it("two rules for the same containers have receivers of different names", async () => {
  assert.equal(new Set(await receivers([java, { ...java, kind: "go" }], "team-a")).size, 32);
});

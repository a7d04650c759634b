// The benchmark compares the stack with a flat program. It is a fair comparison only if both have the same resources.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, it } from "node:test";
import { pathToFileURL } from "node:url";
import { type PlannedResource, recordProgram } from "../../../../automation/plan/offlinePlan.ts";
import { flatSource } from "../../../../bench/previewTime/flatProgram.ts";
import { exclusively, plan, stackFile } from "../../../harness/plannedStack.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-bench-programs-"));
symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
after(() => rmSync(folder, { recursive: true }));

/** A resource without its parent, which the flat program does not have. */
const compared = ({ parent: _, ...resource }: PlannedResource) => resource;
const isProviderOrComponent = ({ type }: PlannedResource) => /^(pulumi:providers|logging):/.test(type);

it("the flat program registers what the stack prod-aks-a registers", async () => {
  const stack = await plan(stackFile());
  const file = join(folder, "index.ts");
  writeFileSync(file, flatSource(stack.resources, "minio.internal.company:9000"));
  const { resources } = await exclusively(() =>
    recordProgram("flat", { stack: "flat", config: {}, secretKeys: [] }, () => import(pathToFileURL(file).href)),
  );
  assert.deepEqual(
    resources.filter((r) => !isProviderOrComponent(r)).map(compared),
    stack.resources.filter((r) => !isProviderOrComponent(r)).map(compared),
  );
});

it("the flat program is refused a resource of a type that it does not know", () => {
  const resource = { type: "aws:s3:Bucket", name: "b", inputs: {}, protect: false, dependsOn: [], ignoreChanges: [] };
  assert.throws(() => flatSource([resource], "minio:9000"), /does not know the type aws:s3/);
});

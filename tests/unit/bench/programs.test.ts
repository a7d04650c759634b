// The benchmark compares with programs that have the same resources: stale ones would flatter the component, or wrong it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { type PlannedResource, recordProgram } from "../../../automation/plan/offlinePlan.ts";
import { flatSource, type Imports, programConfig } from "../../../bench/preview/programs.ts";
import { exclusively, plan, stackFile } from "../../harness/plannedStack.ts";

/** The providers' addresses and the charts' places are the benchmark's own. */
const compared = ({ type, name, inputs, protect, ignoreChanges }: PlannedResource) => {
  const { chart: _, repositoryOpts: __, ...rest } = inputs;
  return { type, name, protect, ignoreChanges, inputs: rest };
};
const own = ({ type }: PlannedResource) =>
  type.startsWith("pulumi:providers:") || type === "logging:index:LoggingStack";

describe("what the benchmark compares with registers what the stack prod-aks-a registers", () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-programs-"));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  after(() => rmSync(folder, { recursive: true }));

  const registers = async (load: () => Promise<unknown>) => {
    const stack = await plan(stackFile());
    const config = programConfig("flat", {
      minioServer: "minio.internal.company:9000",
      caFile: "certs/minio-internal-company-ca.pem",
      lokiChart: "loki",
      alloyChart: "alloy",
    });
    const { resources } = await exclusively(() =>
      recordProgram("flat", { stack: "flat", config, secretKeys: [] }, load),
    );
    assert.deepEqual(
      resources.filter((r) => !own(r)).map(compared),
      stack.resources.filter((r) => !own(r)).map(compared),
    );
  };

  it("bench/flat", () => registers(() => import("../../../bench/flat/index.ts")));

  it("bench/flat with the files of the resources imported", () =>
    registers(() => import(written("file.ts", flatSource("file")))));

  // As CommonJS, which is what the default loader makes of them.
  for (const imports of ["root", "template"] satisfies Imports[])
    it(`bench/usual, imports: ${imports}`, () =>
      registers(() => import(written(`${imports}.cjs`, commonJs(flatSource(imports))))));

  const written = (name: string, source: string): string => {
    const file = join(folder, name);
    writeFileSync(file, source);
    return pathToFileURL(file).href;
  };
  const commonJs = (source: string): string =>
    ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2020 } })
      .outputText;
});

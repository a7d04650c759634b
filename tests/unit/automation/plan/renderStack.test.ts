import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { renderStack } from "../../../../automation/plan/renderStack.ts";

/** A version of the project with nothing but a program: no folder of today's layout. */
const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
const parent = new pulumi.ComponentResource("logging:index:LoggingStack", "logging");
const { size } = new pulumi.Config("logging").requireObject("nodePool");
new pulumi.CustomResource("test:index:Pool", "pool", { size }, { parent, protect: true });
`;

it("a stack of any version of the project is rendered by its program alone", async () => {
  const project = mkdtempSync(join(tmpdir(), "logging-old-"));
  try {
    symlinkSync(resolve("node_modules"), join(project, "node_modules"));
    writeFileSync(join(project, "package.json"), '{"type": "module"}');
    writeFileSync(join(project, "index.ts"), PROGRAM);
    writeFileSync(join(project, "Pulumi.a.yaml"), "config:\n  logging:nodePool: { size: 3 }\n");
    const none = { protect: false, dependsOn: [], ignoreChanges: [] };
    const parent = "logging:index:LoggingStack::logging";
    assert.deepEqual(await renderStack(project, "a"), {
      resources: [
        {
          ...none,
          ...{ type: "logging:index:LoggingStack", name: "logging", inputs: {} },
          parent: "pulumi:pulumi:Stack::logging-a",
        },
        { ...none, type: "test:index:Pool", name: "pool", parent, inputs: { size: 3 }, protect: true },
      ],
      releases: [],
      warnings: [],
    });
    await assert.rejects(renderStack(project, "b"), /^ProgramError: Pulumi\.b\.yaml: no such file/);
  } finally {
    rmSync(project, { recursive: true });
  }
});

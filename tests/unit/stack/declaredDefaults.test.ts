// The engine fills in the defaults of Pulumi.yaml. The offline commands read stack files only, so no other unit test sees them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { parse } from "yaml";
import { plan, STACKS, stackFile } from "../../harness/plannedStack.ts";

const declared: Record<string, { default?: unknown }> = parse(readFileSync("Pulumi.yaml", "utf8")).config;
const defaults = Object.entries(declared).filter(([, { default: value }]) => value !== undefined && value !== "");

for (const stack of STACKS) {
  it(`${stack} plans the same with the defaults of Pulumi.yaml written out`, async () => {
    assert.ok(defaults.length > 5);
    const written = stackFile(
      (config) => {
        for (const [key, { default: value }] of defaults) config[key] ??= structuredClone(value);
      },
      { stack },
    );
    const resources = async (file: Parameters<typeof plan>[0]) =>
      // The component's own inputs are the arguments as they are written.
      (await plan(file)).resources.filter(({ type }) => !type.startsWith("logging:"));
    assert.deepEqual(await resources(written), await resources(stackFile(undefined, { stack })));
  });
}

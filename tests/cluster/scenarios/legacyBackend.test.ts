// A backend that a CLI of long ago has written: the doctor recognises it, and names the command that upgrades it.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { deployedStacks } from "../deployedStacks.ts";
import { examine, findingsOf } from "../examination.ts";

const NAME = "prod-aks-b";

describe("a backend in Pulumi's legacy layout", () => {
  const kept: string[] = [];
  /** A backend with a state as CLI 3.60 left it. */
  async function legacyBackend(): Promise<Record<string, string>> {
    const { engine, folder } = await deployedStacks();
    const states = mkdtempSync(join(folder, "legacy-"));
    kept.push(states);
    const backend = { PULUMI_BACKEND_URL: `file://${states}` };
    const { exitCode, output } = await engine.run(["stack", "init", NAME], {
      ...backend,
      PULUMI_SELF_MANAGED_STATE_LEGACY_LAYOUT: "1",
      PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR: "1",
    });
    assert.equal(exitCode, 0, output);
    return backend;
  }
  after(() => assert.equal(kept.length, 1));

  it("is recognised: refused by the CLI, read in spite of that, and beside states of today", async () => {
    const { engine } = await deployedStacks();
    const backend = await legacyBackend();
    const command = /PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR=1 pulumi state upgrade --yes/;
    const refused = findingsOf(await examine(NAME, backend), "Pulumi");
    assert.match(refused[0]?.text ?? "", /legacy layout/);
    assert.match(refused[0]?.fix ?? "", command);

    const read = { ...backend, PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR: "1" };
    assert.match(
      findingsOf(await examine(NAME, read), "stack")[0]?.text ?? "",
      /has the legacy layout, .*\(prod-aks-b\)/,
    );

    // The upgrade leaves a state without resources where it is, and the CLI no longer finds it.
    const upgraded = await engine.run(["state", "upgrade", "--yes"], read);
    assert.equal(upgraded.exitCode, 0, upgraded.output);
    const beside = findingsOf(await examine(NAME, backend), "stack");
    assert.match(beside[0]?.text ?? "", /has the state of prod-aks-b in the legacy layout/);
    assert.doesNotMatch(beside[0]?.fix ?? "", /stack init/);
  });
});

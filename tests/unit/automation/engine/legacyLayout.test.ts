import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { legacyNames, legacyStack } from "../../../../automation/engine/legacyLayout.ts";
import { explainErrors } from "../../../../automation/explain/explainErrors.ts";

/** What CLI 3.270 prints beside today's states: https://github.com/pulumi/pulumi/issues/13127 */
const BESIDE = `stderr: warning: Found legacy stack files in state store:
  - prod-aks-a
  - other
Please run 'pulumi state upgrade' to migrate them to the new format.
error: no stack named 'prod-aks-a' found`;

const COMMAND =
  /PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR=1 pulumi state upgrade --yes\. Do not create the stack again/;

describe("the legacy layout of a self-managed backend", () => {
  it("is recognised when the CLI refuses the whole backend", () => {
    const [found, ...others] = explainErrors([
      "error: \n=====\nLegacy DIY state is deprecated, please upgrade your state to project mode using:\n'pulumi state upgrade'\n",
    ]);
    assert.deepEqual(others, []);
    assert.equal(found?.subject, "the backend");
    assert.match(found?.fix ?? "", COMMAND);
  });

  it("is recognised for a stack that the CLI does not find, and for no other", () => {
    const found = legacyStack("prod-aks-a", BESIDE);
    assert.match(found?.text ?? "", /has the state of prod-aks-a in the legacy layout/);
    assert.match(found?.fix ?? "", COMMAND);
    assert.equal(legacyStack("prod-aks-b", BESIDE), undefined);
    assert.equal(legacyStack("prod-aks-a", "error: no stack named 'prod-aks-a' found"), undefined);
  });

  it("is recognised by names without a project", () => {
    assert.equal(legacyNames(["organization/logging/prod-aks-a"]), undefined);
    assert.match(legacyNames(["prod-aks-a"])?.text ?? "", /has the legacy layout, .*\(prod-aks-a\)/);
  });
});

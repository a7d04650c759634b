// The tables of config keys are generated from the arguments' own comments.
import assert from "node:assert/strict";
import { it } from "node:test";
import { execute } from "./command.ts";

it("the tables of config keys say what the arguments' comments say", async () => {
  const { code, stderr, stdout } = await execute("automation/argumentsDocs.ts", ["--check"]);
  assert.equal(code, 0, stderr + stdout);
});

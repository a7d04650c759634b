import assert from "node:assert/strict";
import { it } from "node:test";
import { expandVariables } from "../../../harness/pods/variableExpansion.ts";

it("expands variables in commands as the kubelet does", () => {
  const environment = { NAME: "value", OTHER: "" };
  assert.equal(expandVariables("$(NAME) $(OTHER) $(UNKNOWN) $NAME", environment), "value  $(UNKNOWN) $NAME");
  assert.equal(expandVariables("/proc/$$/fd $$(NAME) $((1 + 2))", environment), "/proc/$/fd $(NAME) $((1 + 2))");
});

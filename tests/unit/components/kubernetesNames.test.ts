import assert from "node:assert/strict";
import { it } from "node:test";
import { isLabelKey, secretName } from "../../../components/kubernetesNames.ts";

it("the key of a label has a name, and before it the labels of a domain", () => {
  for (const key of ["a", "A_b.c-1", "example.com/a", "a-b.c/x", `${"a".repeat(253)}/x`])
    assert.ok(isLabelKey(key), key);
  for (const key of [
    "",
    "/a",
    "a/",
    "a..b/x",
    "a.-b/x",
    "-a.b/x",
    ".a/x",
    "A.b/x",
    `${"a".repeat(254)}/x`,
    "a/b/c",
    "a ",
  ])
    assert.ok(!isLabelKey(key), key);
});

it("the name of a Secret has the labels of a domain", () => {
  for (const name of ["a", "registry.example.com", "a-b.c1"]) assert.ok(secretName.safeParse(name).success, name);
  for (const name of ["", "a..b", "a.-b", ".a", "a.", "A"]) assert.ok(!secretName.safeParse(name).success, name);
});

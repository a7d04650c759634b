// Preloaded by every npm script, and by Pulumi (`nodeargs`). CommonJS in old syntax, so that every Node can run it.
"use strict";
var required = require("./package.json").engines.node;
var minimum = required
  .replace(/[^0-9.]/g, "")
  .split(".")
  .map(Number);
var current = process.versions.node.split(".").map(Number);
if (current[0] < minimum[0] || (current[0] === minimum[0] && current[1] < (minimum[1] || 0))) {
  console.error(
    "Node runs this TypeScript program itself, without a build: it needs Node " +
      required +
      ", and this is " +
      process.versions.node +
      ".\n" +
      "fix: install the Node in .node-version, or run pulumi through npm, which brings it: npm exec -c 'pulumi preview'",
  );
  process.exit(1);
}
// Keeps the compiled modules between runs, which saves a third of the program's time.
var module_ = require("node:module");
if (module_.enableCompileCache) module_.enableCompileCache();

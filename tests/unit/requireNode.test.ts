import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";

describe("a Node that cannot load TypeScript", () => {
  const versionOf = (node: string): number[] | undefined =>
    /^v(\d+)\.(\d+)/
      .exec(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? "")
      ?.slice(1)
      .map(Number);
  const old = ["/usr/local/bin/node", "/usr/bin/node", ...(process.env.OLD_NODE ? [process.env.OLD_NODE] : [])].find(
    (node) => {
      const version = existsSync(node) ? versionOf(node) : undefined;
      return version && ((version[0] ?? 0) < 22 || (version[0] === 22 && (version[1] ?? 0) < 18));
    },
  );

  it("prints which Node is needed", {
    skip: !old && "no Node below 22.18 in /usr/local/bin or /usr/bin: name one in OLD_NODE",
  }, () => {
    const { status, stderr } = spawnSync(old as string, ["-r", "./requireNode.cjs", "index.ts"], {
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, /it needs Node >=22\.18, and this is \d+\.\d+/);
    assert.match(stderr, /fix: .*\.node-version/);
    assert.doesNotMatch(stderr, /\n +at /);
  });

  it("is not the Node that runs this test", () => {
    const { status, stderr } = spawnSync(process.execPath, ["-r", "./requireNode.cjs", "-e", "0"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
  });

  it("is recognised by its major and minor version", () => {
    const check = (version: string) =>
      spawnSync(
        process.execPath,
        [
          "-e",
          `Object.defineProperty(process.versions, "node", { value: "${version}" }); require("./requireNode.cjs")`,
        ],
        { encoding: "utf8" },
      ).status;
    assert.deepEqual(
      ["18.20.0", "20.20.2", "22.17.9", "22.18.0", "22.9.0", "24.0.0"].map((v) => [v, check(v)]),
      [
        ["18.20.0", 1],
        ["20.20.2", 1],
        ["22.17.9", 1],
        ["22.18.0", 0],
        ["22.9.0", 1],
        ["24.0.0", 0],
      ],
    );
  });
});

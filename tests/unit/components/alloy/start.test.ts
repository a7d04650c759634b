// What start.sh does before it starts Alloy.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { alloyStart } from "../../../../components/alloy/values.ts";
import { expandVariables } from "../../../harness/pods/variableExpansion.ts";
import {
  CONTAINER,
  copied,
  DELIVERED,
  HOUR,
  line,
  node,
  POSITIONS,
  position,
  put,
  READING,
  read,
  record,
  rotatedAt,
  skip,
  start,
  useEmptyNode,
} from "./scriptOnFolder.ts";

describe("start.sh, before Alloy starts,", { skip }, () => {
  useEmptyNode();

  it("does nothing on a new node", () => {
    put(`${CONTAINER}/0.log`, line(new Date(), "F", "first"));
    start();
    assert.ok(!existsSync(join(node, POSITIONS)));
  });

  it("sets a position back to the beginning of a whole line", () => {
    const old = new Date(Date.now() - HOUR);
    const text = Array.from({ length: 30_000 }, (_, i) =>
      line(old, i % 5 === 4 ? "F" : "P", `part ${i % 5} of ${Math.floor(i / 5)}${" x".repeat(i % 20)}`),
    ).join("");
    put(`${CONTAINER}/0.log`, text);
    const lines = text.split("\n");
    const upTo = (n: number): number => Buffer.byteLength(lines.slice(0, n).join("\n")) + 1;
    for (const [read, whole] of [
      [20_003, 20_000],
      [20_004, 20_000],
      [20_005, 20_005],
      [7, 5],
    ] as const) {
      record(READING, { [`${CONTAINER}/0.log`]: upTo(read) });
      start();
      assert.equal(position(`${CONTAINER}/0.log`), upTo(whole), `after ${read} parts of five`);
    }
  });

  it("goes back to what had arrived, not to what was read, and does not need the buffer", () => {
    const old = line(new Date(Date.now() - HOUR), "F", "text");
    put(`${CONTAINER}/0.log`, old.repeat(10));
    record(DELIVERED, { [`${CONTAINER}/0.log`]: old.length * 4 });
    put("/var/lib/alloy/seen", `${node}${CONTAINER}/0.log\n`);
    put("/var/lib/alloy/loki.write.gateway/wal/00000000", "records");
    record(READING, { [`${CONTAINER}/0.log`]: old.length * 9 });
    start();
    assert.equal(position(`${CONTAINER}/0.log`), old.length * 4);
    assert.ok(!existsSync(join(node, "/var/lib/alloy/loki.write.gateway/wal")));
    // If the files are not whole at the next start, the buffer no longer reaches back to what was read.
    assert.equal(read(READING), read(DELIVERED));
  });

  describe("the buffer", () => {
    const rotated = `${CONTAINER}/0.log.20300101-000000`;
    const before = `${CONTAINER}/0.log.20200101-000000`;
    const gone = "/var/log/pods/shop_gone-0_1";
    const wal = "/var/lib/alloy/loki.write.gateway/wal/00000000";
    const startWithout = (path: string): boolean => {
      for (const file of [`${gone}/app/0.log`, before, rotated, `${CONTAINER}/0.log`, `${CONTAINER}/1.log`])
        put(file, line(new Date(), "F", "text"));
      record(DELIVERED, { [`${CONTAINER}/0.log`]: 40, [`${CONTAINER}/1.log`]: 40, [`${gone}/app/0.log`]: 40 }, [
        before,
      ]);
      const seen = [`${CONTAINER}/0.log`, `${CONTAINER}/1.log`, before, rotated, `${gone}/app/0.log`];
      put("/var/lib/alloy/seen", seen.map((file) => `${node}${file}\n`).join(""));
      put(wal, "records");
      rmSync(join(node, path), { recursive: true });
      start();
      return existsSync(join(node, wal));
    };

    for (const [what, path] of [
      ["a pod's folder is gone", gone],
      ["a file that was rotated away since then is gone", rotated],
      // In a crash loop, the kubelet keeps only the files of the last containers, and the folder.
      ["the file of a container that ended is gone", `${CONTAINER}/0.log`],
    ] as const) {
      it(`is kept if the files do not reach back: ${what}`, () => assert.equal(startWithout(path), true));
    }

    it("is not needed for a file that was read and rotated away before", () =>
      assert.equal(startWithout(before), false));
  });

  it("continues in the file that it had read, whatever its name is now, and copies what was rotated away, in order", () => {
    const ago = (minutes: number, flag: string, text: string): string =>
      line(new Date(Date.now() - minutes * 60_000), flag, text);
    const [oldest, older, newer] = [rotatedAt(30), rotatedAt(8), rotatedAt(3)];
    put(`${CONTAINER}/${oldest}.gz`, gzipSync(`${ago(31, "F", "read long ago")}${ago(30, "P", "split and ")}`));
    const readBefore = ago(30, "F", "its rest");
    put(`${CONTAINER}/${older}.gz`, gzipSync(readBefore + ago(9, "F", "one")));
    put(`${CONTAINER}/${newer}`, ago(4, "P", "two, "));
    const rest = ago(3, "F", "and its rest");
    put(`${CONTAINER}/0.log`, rest + ago(2, "F", "three"));
    record(READING, { [`${CONTAINER}/0.log`]: readBefore.length }, [`${CONTAINER}/${oldest}`]);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), rest.length);
    assert.deepEqual(copied(), ["F one", "P two, ", "F and its rest"]);
    // Alloy was still reading the previous file when it was rotated away.
    rmSync(join(node, "var/lib/alloy/replay"), { recursive: true });
    record(READING, { [`${CONTAINER}/${older}`]: 0 }, [`${CONTAINER}/${oldest}`, `${CONTAINER}/${newer}`]);
    start();
    assert.deepEqual(copied(), ["P split and ", "F its rest", "F one", "P two, ", "F and its rest"]);
  });

  it("never takes a quiet file for another one, however old its lines are", () => {
    // A burst that was rotated away, three lines, and half an hour without lines. Alloy's own position belongs to the rotated file.
    const old = line(new Date(Date.now() - HOUR), "F", "text");
    put(`${CONTAINER}/${rotatedAt(59)}`, old.repeat(50));
    put(`${CONTAINER}/0.log`, old.repeat(3) + line(new Date(), "F", "in the outage").repeat(5));
    record(READING, { [`${CONTAINER}/0.log`]: old.length * 3 }, [`${CONTAINER}/${rotatedAt(59)}`]);
    put(POSITIONS, `positions:\n  ? path: ${node}${CONTAINER}/0.log\n    labels: '{}'\n  : "${old.length * 20}"\n`);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), old.length * 3);
  });

  it("sends a whole line whose first part had been read, in the previous file", () => {
    const [before, current] = [line(new Date(), "P", "one, "), line(new Date(), "P", "two, ")];
    put(`${CONTAINER}/${rotatedAt(9)}`, line(new Date(), "F", "whole") + before);
    put(`${CONTAINER}/0.log`, `${current}${line(new Date(), "F", "three")}${line(new Date(), "F", "next")}`);
    record(READING, { [`${CONTAINER}/0.log`]: current.length }, [`${CONTAINER}/${rotatedAt(9)}`]);
    start();
    assert.deepEqual(copied(), ["P one, ", "P two, ", "F three"]);
    assert.equal(position(`${CONTAINER}/0.log`), current.length + line(new Date(), "F", "three").length);
  });

  it("keeps a copy that may not have been read yet", () => {
    const copy = put("/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log", "text\n");
    record(READING, { [`${CONTAINER}/0.log`]: 0 });
    start();
    assert.ok(existsSync(copy));
  });

  it("continues in a copy where it left off, so that quick restarts do not send it again each time", () => {
    const copy = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log";
    const one = line(new Date(), "F", "text");
    put(copy, one.repeat(3));
    record(READING, { [copy]: one.length * 2 });
    start();
    assert.equal(position(copy), one.length * 2);
  });

  it("makes Alloy begin with the oldest part of its buffer that may not have arrived", () => {
    const wal = "/var/lib/alloy/loki.write.gateway/wal";
    for (let i = 3; i < 9; i++) put(`${wal}/0000000${i}`, "records");
    // Alloy's own marker, on segment 6.
    const alloysMarker = Buffer.from("30310000000000000006000000ff", "hex");
    put(`${wal}/remote/segment_marker`, alloysMarker);
    start();
    assert.deepEqual(
      readdirSync(join(node, wal)).filter((name) => name !== "remote"),
      ["00000005", "00000006", "00000007", "00000008"],
    );
    const marker = readFileSync(join(node, wal, "remote/segment_marker"));
    assert.equal(marker.subarray(2, 10).readBigInt64BE(), -2n);
    assert.equal(statSync(join(node, wal, "remote/segment_marker")).size, 14);
    // A second start, with the marker of the first, removes nothing.
    start();
    assert.equal(readdirSync(join(node, wal)).length, 5);
  });

  it("spawns few processes per file, because nothing is read until it is done and the node may be busy", () => {
    const tools = [
      "awk",
      "cat",
      "cut",
      "date",
      "du",
      "find",
      "gzip",
      "head",
      "mkdir",
      "mv",
      "od",
      "rm",
      "sed",
      "sort",
      "stat",
    ];
    for (const tool of [...tools, "tail", "tr", "wc", "zcat"]) {
      const real = spawnSync("bash", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.trim();
      put(`tools/${tool}`, `#!/bin/sh\necho ${tool} >>${node}/processes\nexec ${real} "$@"\n`);
      chmodSync(join(node, "tools", tool), 0o755);
    }
    const processes = (): number => {
      rmSync(join(node, "processes"), { force: true });
      start(`${node}/tools:/usr/bin:/bin`);
      return read("processes").trim().split("\n").length;
    };
    const containers = (from: number, to: number, rotated: number): void => {
      for (let n = from; n < to; n++) {
        const folder = `/var/log/pods/shop_web-${n}_uid/app`;
        put(`${folder}/0.log`, line(new Date(), "F", "now"));
        for (let i = 0; i < rotated; i++)
          put(`${folder}/0.log.20300101-00000${i}.gz`, gzipSync(line(new Date(), "F", "then")));
      }
      rmSync(join(node, "var/lib/alloy/replay"), { recursive: true, force: true });
      const logs = Array.from({ length: to }, (_, n) => `/var/log/pods/shop_web-${n}_uid/app/0.log`);
      record(READING, Object.fromEntries(logs.map((path) => [path, 0])));
    };
    containers(0, 10, 0);
    const none = processes();
    containers(0, 10, 3);
    const rotated = processes() - none;
    assert.ok(rotated <= 10 * (3 * 3 + 4), `${rotated} processes for 10 containers with 3 rotated files each`);
    containers(10, 40, 0);
    const current = processes() - none - rotated;
    assert.ok(current <= 30, `${current} processes for 30 containers with nothing rotated`);
  });

  it("starts Alloy even if its records are unreadable", () => {
    put(READING, Buffer.from([9, 0, 10, 255]));
    put(`${CONTAINER}/0.log`, Buffer.from([0, 1, 2]));
    start();
  });
});

it("start.sh contains nothing that the kubelet would expand", () => {
  assert.equal(expandVariables(alloyStart(), {}), alloyStart());
});

it("the marker in start.sh has the right checksum", () => {
  const [, marker = ""] = /printf '01((?:\\x[0-9a-f]{2})+)'/.exec(alloyStart()) ?? [];
  const bytes = Buffer.concat([Buffer.from("01"), Buffer.from(marker.replaceAll("\\x", ""), "hex")]);
  assert.equal(bytes.length, 14);
  assert.equal(crc32(bytes.subarray(0, 10)), bytes.readUInt32BE(10));
});

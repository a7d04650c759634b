// start.sh itself, in a folder instead of a node.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { ALLOY_START } from "../../components/alloy/alloyValues.ts";

const MIB = 2 ** 20;
const CONTAINER = "/var/log/pods/shop_web-0_0f1e2d3c/app";

let node: string;

beforeEach(() => {
  node = mkdtempSync(join(tmpdir(), "logging-start-"));
});

afterEach(() => rmSync(node, { recursive: true }));

const put = (path: string, content: string | Buffer): string => {
  const file = join(node, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

const read = (path: string): string => readFileSync(join(node, path), "utf8");

/** Runs the script on this folder up to where it would start Alloy. */
function start(): string {
  const script = readFileSync(ALLOY_START, "utf8")
    .replace("storage=/var/lib/alloy", `storage=${node}/var/lib/alloy`)
    .replace("logs=/var/log/pods", `logs=${node}/var/log/pods`)
    .replace("while sleep 30", "while false")
    .replace("exec /bin/alloy", "echo alloy");
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script, "alloy", "run", "config"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", LOGGING_BUFFER_MIB: "1024" },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "alloy run config\n", "Alloy is started with its own arguments");
  return stderr;
}

const POSITIONS = "/var/lib/alloy/loki.source.file.pods/positions.yml";

/** As Alloy writes them. */
function putPositions(positions: Record<string, number>, at = new Date()): void {
  const entries = Object.entries(positions).map(
    ([path, position]) => `  ? path: ${node}${path}\n    labels: '{}'\n  : "${position}"\n`,
  );
  utimesSync(put(POSITIONS, `positions:\n${entries.join("")}`), at, at);
}

const position = (path: string): number | undefined => {
  const found = new RegExp(`path: ${node}${path}\\n {4}labels: '{}'\\n {2}: "(\\d+)"`).exec(read(POSITIONS));
  return found ? Number(found[1]) : undefined;
};

const HOUR = 3_600_000;
const line = (at: Date, flag: string, text: string): string => `${at.toISOString()} stdout ${flag} ${text}\n`;

describe("Alloy's start", {
  skip: process.platform !== "linux" && "start.sh needs the GNU tools of Alloy's image",
}, () => {
  it("has nothing to do on a node that is new", () => {
    put(`${CONTAINER}/0.log`, line(new Date(), "F", "first"));
    start();
    assert.ok(!existsSync(join(node, POSITIONS)));
  });

  it("puts a position back by a mebibyte, to the beginning of a whole line", () => {
    const old = new Date(Date.now() - HOUR);
    const text = Array.from({ length: 30_000 }, (_, i) =>
      line(old, i % 5 === 4 ? "F" : "P", `part ${i % 5} of ${Math.floor(i / 5)}${" x".repeat(i % 20)}`),
    ).join("");
    put(`${CONTAINER}/0.log`, text);
    const end = Buffer.byteLength(text);
    putPositions({ [`${CONTAINER}/0.log`]: end });
    start();
    const at = position(`${CONTAINER}/0.log`) ?? 0;
    assert.ok(end - at <= MIB && end - at > MIB - 4096, `${end - at} bytes back`);
    assert.match(text.slice(at), /^\S+ stdout P part 0 of /);
    assert.equal(text[at - 1], "\n");
  });

  it("begins a short file again", () => {
    put(`${CONTAINER}/0.log`, line(new Date(Date.now() - HOUR), "F", "short"));
    putPositions({ [`${CONTAINER}/0.log`]: 40 });
    start();
    assert.equal(position(`${CONTAINER}/0.log`), undefined);
  });

  it("does not take an old position for that of a new file, and puts what was rotated away beside it, in order", () => {
    const left = new Date(Date.now() - 10 * 60_000);
    const rotated = (minutesAgo: number): string =>
      `0.log.${new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
    put(`${CONTAINER}/${rotated(30)}.gz`, gzipSync("read long ago\n"));
    put(`${CONTAINER}/${rotated(8)}.gz`, gzipSync("one\n"));
    put(`${CONTAINER}/${rotated(3)}`, "two\n");
    put(`${CONTAINER}/0.log`, line(new Date(Date.now() - 180_000), "F", "three"));
    putPositions({ [`${CONTAINER}/0.log`]: 30 }, left);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), undefined);
    const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
    const copies = readdirSync(join(node, folder));
    assert.equal(copies.length, 1);
    assert.equal(read(`${folder}/${copies[0]}`), "one\ntwo\n");
  });

  it("keeps a copy that may not have been read yet, and removes it later", () => {
    const copy = put("/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log", "text\n");
    putPositions({});
    start();
    assert.ok(existsSync(copy));
  });

  it("lets Alloy begin with the oldest part of its buffer that may not have arrived", () => {
    const wal = "/var/lib/alloy/loki.write.gateway/wal";
    for (let i = 3; i < 9; i++) put(`${wal}/0000000${i}`, "records");
    // Segment 6 is marked, as Alloy writes it.
    const mark = Buffer.from("30310000000000000006000000ff", "hex");
    put(`${wal}/remote/segment_marker`, mark);
    start();
    assert.deepEqual(
      readdirSync(join(node, wal)).filter((name) => name !== "remote"),
      ["00000005", "00000006", "00000007", "00000008"],
    );
    const marker = readFileSync(join(node, wal, "remote/segment_marker"));
    assert.equal(marker.subarray(2, 10).readBigInt64BE(), -2n);
    assert.equal(statSync(join(node, wal, "remote/segment_marker")).size, 14);
    // A second start with the mark that the first one left removes nothing.
    start();
    assert.equal(readdirSync(join(node, wal)).length, 5);
  });

  it("starts Alloy with positions that nobody can read, too", () => {
    put(POSITIONS, "not: [yaml");
    put(`${CONTAINER}/0.log`, Buffer.from([0, 1, 2]));
    start();
  });
});

// The mark's checksum is written down in the script: it has to be that of the mark.
it("the mark in start.sh has its checksum", () => {
  const [, mark = ""] = /printf '01((?:\\x[0-9a-f]{2})+)'/.exec(readFileSync(ALLOY_START, "utf8")) ?? [];
  const bytes = Buffer.concat([Buffer.from("01"), Buffer.from(mark.replaceAll("\\x", ""), "hex")]);
  assert.equal(bytes.length, 14);
  assert.equal(crc32(bytes.subarray(0, 10)), bytes.readUInt32BE(10));
});

// start.sh itself, in a folder instead of a node.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { alloyStart } from "../../components/alloy/alloyValues.ts";

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

/** The script, on this folder. */
const script = (): string =>
  alloyStart()
    .replace("storage=/var/lib/alloy", `storage=${node}/var/lib/alloy`)
    .replace("logs=/var/log/pods", `logs=${node}/var/log/pods`);

/** Runs the script up to where it would start Alloy. */
function start(path = process.env.PATH ?? ""): string {
  const upToAlloy = script().replace("while sleep 3;", "while false;").replace("exec /bin/alloy", "echo alloy");
  const { stdout, stderr, status } = spawnSync("bash", ["-c", upToAlloy, "alloy", "run", "config"], {
    encoding: "utf8",
    env: { PATH: path, LOGGING_BUFFER_MIB: "1024" },
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

  it("puts a position back to the beginning of a whole line", () => {
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
      putPositions({ [`${CONTAINER}/0.log`]: upTo(read) });
      start();
      assert.equal(position(`${CONTAINER}/0.log`), upTo(whole), `after ${read} parts of five`);
    }
  });

  it("goes back to what had arrived, not to what was read, and does without the buffer", () => {
    const old = line(new Date(Date.now() - HOUR), "F", "text");
    put(`${CONTAINER}/0.log`, old.repeat(10));
    putPositions({ [`${CONTAINER}/0.log`]: old.length * 4 });
    put("/var/lib/alloy/delivered.yml", read(POSITIONS));
    put("/var/lib/alloy/seen", `${node}${CONTAINER}\n`);
    put("/var/lib/alloy/loki.write.gateway/wal/00000000", "records");
    putPositions({ [`${CONTAINER}/0.log`]: old.length * 9 });
    start();
    assert.equal(position(`${CONTAINER}/0.log`), old.length * 4);
    assert.ok(!existsSync(join(node, "/var/lib/alloy/loki.write.gateway/wal")));
  });

  for (const [what, lose] of [
    ["a pod's folder is gone", () => rmSync(join(node, "/var/log/pods/shop_gone-0_1"), { recursive: true })],
    ["a file that was rotated away is gone", () => rmSync(join(node, CONTAINER, "0.log.20200101-000000"))],
  ] as const) {
    it(`keeps the buffer where the files do not reach back: ${what}`, () => {
      put("/var/log/pods/shop_gone-0_1/app/0.log", line(new Date(), "F", "text"));
      put(`${CONTAINER}/0.log.20200101-000000`, line(new Date(Date.now() - HOUR), "F", "text"));
      put(`${CONTAINER}/0.log.20300101-000000`, line(new Date(), "F", "text"));
      put(`${CONTAINER}/0.log`, line(new Date(), "F", "text"));
      putPositions({ [`${CONTAINER}/0.log`]: 40 });
      put("/var/lib/alloy/delivered.yml", read(POSITIONS));
      const seen = [CONTAINER, `${CONTAINER}/0.log.20200101-000000`, "/var/log/pods/shop_gone-0_1/app"];
      put("/var/lib/alloy/seen", seen.map((path) => `${node}${path}\n`).join(""));
      put("/var/lib/alloy/loki.write.gateway/wal/00000000", "records");
      lose();
      start();
      assert.ok(existsSync(join(node, "/var/lib/alloy/loki.write.gateway/wal/00000000")));
    });
  }

  it("does not take an old position for that of a new file, and puts what was rotated away beside it, in order", () => {
    const left = new Date(Date.now() - 10 * 60_000);
    const ago = (minutes: number, flag: string, text: string): string =>
      line(new Date(Date.now() - minutes * 60_000), flag, text);
    const rotated = (minutesAgo: number): string =>
      `0.log.${new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
    put(`${CONTAINER}/${rotated(30)}.gz`, gzipSync(`${ago(31, "F", "read long ago")}${ago(30, "P", "split and ")}`));
    const readBefore = ago(20, "F", "read before");
    put(`${CONTAINER}/${rotated(8)}.gz`, gzipSync(readBefore + ago(9, "F", "one")));
    put(`${CONTAINER}/${rotated(3)}`, ago(4, "P", "two, "));
    const rest = ago(3, "F", "and its rest");
    put(`${CONTAINER}/0.log`, rest + ago(2, "F", "three"));
    putPositions({ [`${CONTAINER}/0.log`]: readBefore.length }, left);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), rest.length);
    const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
    const copies = readdirSync(join(node, folder));
    assert.equal(copies.length, 1);
    const texts = read(`${folder}/${copies[0]}`)
      .split("\n")
      .map((l) => l.split(" ").slice(2).join(" "));
    assert.deepEqual(texts, ["F one", "P two, ", "F and its rest", ""]);
  });

  it("leaves out the rest of a line whose beginning is in a file before", () => {
    const at = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    const name = (minutes: number): string =>
      `0.log.${at(minutes).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
    put(`${CONTAINER}/${name(30)}`, line(at(31), "F", "one") + line(at(30), "P", "split and "));
    put(`${CONTAINER}/${name(3)}`, line(at(30), "F", "its rest") + line(at(9), "F", "two"));
    put(`${CONTAINER}/0.log`, line(at(2), "F", "three"));
    putPositions({}, at(20));
    start();
    const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
    assert.match(read(`${folder}/${readdirSync(join(node, folder))[0]}`), /^\S+ stdout F two\n$/);
  });

  it("takes nothing for delivered before the buffer was read to its end since, and all of that has arrived", async () => {
    const alloy = { out: 10, sent: 10, reads: 5, segment: 3 };
    const metrics = createServer((_, response) => {
      response.end(
        [
          `loki_write_wal_watcher_records_read_total{id="gateway"} ${alloy.out * 2}`,
          `loki_write_sent_entries_total{host="gateway"} ${alloy.sent}`,
          `loki_write_dropped_entries_total{host="gateway",reason="ingester_error"} 0`,
          `loki_write_wal_watcher_segment_read_total{id="gateway",reason="timer"} ${alloy.reads}`,
          `loki_write_wal_watcher_current_segment{id="gateway"} ${alloy.segment}\n`,
        ].join("\n"),
      );
    }).listen(0, "127.0.0.1");
    await once(metrics, "listening");
    const { port } = metrics.address() as AddressInfo;
    for (const segment of ["00000003", "00000004"]) put(`/var/lib/alloy/loki.write.gateway/wal/${segment}`, "records");
    put(`${CONTAINER}/0.log.20300101-000000`, "text");
    // One round of the loop for each line on its standard input.
    const rounds = spawn("bash", [
      "-c",
      script()
        .replace("/12345", `/${port}`)
        .replace("while sleep 3;", "while read -r;")
        .replace("&& tidy\ndone &", "&& tidy\necho round\ndone")
        .replace("exec /bin/alloy", "echo alloy"),
      "alloy",
    ]);
    const ended = createInterface(rounds.stdout)[Symbol.asyncIterator]();
    const round = async (): Promise<string | undefined> => {
      rounds.stdin.write("\n");
      assert.equal((await ended.next()).value, "round");
      const delivered = "/var/lib/alloy/delivered.yml";
      return existsSync(join(node, delivered)) ? read(delivered) : undefined;
    };
    try {
      assert.equal(await round(), undefined, "there are no positions yet");
      putPositions({ [`${CONTAINER}/0.log`]: 100 });
      const noted = read(POSITIONS);
      assert.equal(await round(), undefined, "the positions are taken");
      putPositions({ [`${CONTAINER}/0.log`]: 999 });
      // An outage ends: segment 3 of 4 is read, and all of it arrives.
      Object.assign(alloy, { out: 50, sent: 50, reads: 9 });
      for (let i = 0; i < 3; i++) assert.equal(await round(), undefined, "the newest segment has not been read");
      Object.assign(alloy, { segment: 4, reads: 10, out: 60 });
      rmSync(join(node, CONTAINER, "0.log.20300101-000000"));
      await round();
      assert.equal(await round(), undefined, "ten lines are on their way");
      alloy.sent = 60;
      assert.equal(await round(), noted, "the positions of then, not those of now");
      assert.match(read("/var/lib/alloy/seen"), /0\.log\.20300101-000000/, "a file that went meanwhile may be needed");
    } finally {
      rounds.stdin.end();
      rounds.kill();
      metrics.close();
    }
  });

  it("keeps a copy that may not have been read yet, and removes it later", () => {
    const copy = put("/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log", "text\n");
    putPositions({});
    start();
    assert.ok(existsSync(copy));
  });

  it("goes on in a copy where it left off, so that quick restarts do not send it again each time", () => {
    const copy = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log";
    const one = line(new Date(Date.now() - HOUR), "F", "text");
    put(copy, one.repeat(3));
    putPositions({ [copy]: one.length * 2 });
    start();
    assert.equal(position(copy), one.length * 2);
    // Its lines are newer than the positions when it was made a moment ago.
    put(copy, line(new Date(), "F", "text").repeat(3));
    start();
    assert.equal(position(copy), one.length * 2);
  });

  it("sends again what Alloy skips when a file is rotated away while it starts", async () => {
    let opened = 0;
    const metrics = createServer((_, response) => response.end(`loki_source_file_files_active_total{} ${opened}\n`));
    metrics.listen(0, "127.0.0.1");
    await once(metrics, "listening");
    const at = (minutes: number, text: string): string => line(new Date(Date.now() - minutes * 60_000), "F", text);
    const live = join(node, CONTAINER, "0.log");
    const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
    put(`${CONTAINER}/0.log`, at(30, "one") + at(30, "two"));
    putPositions({ [`${CONTAINER}/0.log`]: at(30, "one").length });
    const rounds = spawn("bash", [
      "-c",
      script()
        .replace("/12345", `/${(metrics.address() as AddressInfo).port}`)
        .replace("while sleep 3;", "echo begun; while read -r;")
        .replace("&& tidy\ndone &", "&& tidy\necho round\ndone")
        .replace("exec /bin/alloy", "echo alloy"),
      "alloy",
    ]);
    try {
      const said = createInterface(rounds.stdout)[Symbol.asyncIterator]();
      assert.equal((await said.next()).value, "begun");
      const rotatedAt = new Date(Date.now() + 2000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
      renameSync(live, `${live}.${rotatedAt}`);
      put(`${CONTAINER}/0.log`, at(0, "new and longer") + at(0, "four"));
      const round = async (): Promise<boolean> => {
        rounds.stdin.write("\n");
        assert.equal((await said.next()).value, "round");
        return existsSync(join(node, folder));
      };
      assert.equal(await round(), false, "Alloy answers, and has opened nothing yet");
      opened = 1;
      assert.equal(await round(), false, "it may be opening more");
      assert.equal(await round(), true);
    } finally {
      rounds.stdin.end();
      rounds.kill();
      metrics.close();
    }
    const [copy] = readdirSync(join(node, folder));
    const texts = read(`${folder}/${copy}`)
      .split("\n")
      .map((l) => l.split(" ").slice(3).join(" "));
    assert.deepEqual(texts, ["one", "two", "new and longer", ""]);
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

  it("gives up the oldest part of its buffer when it is larger than it may be, and says so", async () => {
    const wal = "/var/lib/alloy/loki.write.gateway/wal";
    for (let i = 3; i < 7; i++) put(`${wal}/0000000${i}`, Buffer.alloc(400 * 1024));
    const rounds = spawn(
      "bash",
      [
        "-c",
        script().replace("while sleep 3;", "while read -r;").replace("&& tidy\ndone &", "&& tidy\necho round\ndone"),
        "alloy",
      ],
      { env: { PATH: process.env.PATH ?? "", LOGGING_BUFFER_MIB: "1" } },
    );
    const said: string[] = [];
    createInterface(rounds.stderr).on("line", (text) => said.push(text));
    const exited = once(rounds, "close");
    rounds.stdin.end("\n");
    await exited;
    assert.deepEqual(readdirSync(join(node, wal)), ["00000005", "00000006"]);
    const lost = said.filter((text) => text.includes("LOST"));
    assert.equal(lost.length, 2);
    assert.match(lost[0] ?? "", /LOST: the buffer is larger than 1 MiB, removed its oldest segment 00000003/);
  });

  it("takes few processes for each file: nothing is read until it is done, on a node that may be busy", () => {
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
      putPositions({}, new Date(Date.now() - HOUR));
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

  it("starts Alloy with positions that nobody can read, too", () => {
    put(POSITIONS, "not: [yaml");
    put(`${CONTAINER}/0.log`, Buffer.from([0, 1, 2]));
    start();
  });
});

// The mark's checksum is written down in the script: it has to be that of the mark.
it("the mark in start.sh has its checksum", () => {
  const [, mark = ""] = /printf '01((?:\\x[0-9a-f]{2})+)'/.exec(alloyStart()) ?? [];
  const bytes = Buffer.concat([Buffer.from("01"), Buffer.from(mark.replaceAll("\\x", ""), "hex")]);
  assert.equal(bytes.length, 14);
  assert.equal(crc32(bytes.subarray(0, 10)), bytes.readUInt32BE(10));
});

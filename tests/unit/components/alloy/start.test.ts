// start.sh itself, in a folder instead of a node.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { alloyStart } from "../../../../components/alloy/values.ts";
import { expandVariables } from "../../../harness/pods/variableExpansion.ts";

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
    .replace("logs=/var/log/pods", `logs=${node}/var/log/pods`)
    .replaceAll("/proc/$alloy", `${node}/proc`);

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

const READING = "/var/lib/alloy/reading";
const DELIVERED = "/var/lib/alloy/delivered";

/** As the script notes it: how far Alloy has read the files that it has open, and which others there are. */
function note(file: string, offsets: Record<string, number>, others: readonly string[] = []): void {
  put(POSITIONS, "positions:\n");
  const rows = [...others.map((path) => ["-", path]), ...Object.entries(offsets).map(([path, at]) => [at, path])];
  put(file, rows.map(([offset, path]) => `${offset}\t${node}${path}\n`).join(""));
}

/** The files that Alloy has open, as the kernel shows them, by the names that they have now. */
function open(files: Record<string, number>): void {
  for (const folder of ["fd", "fdinfo"]) {
    rmSync(join(node, "proc", folder), { recursive: true, force: true });
    mkdirSync(join(node, "proc", folder), { recursive: true });
  }
  for (const [n, [path, at]] of Object.entries(files).entries()) {
    symlinkSync(join(node, path), join(node, "proc/fd", String(n + 5)));
    put(`proc/fdinfo/${n + 5}`, `pos:\t${at}\nflags:\t0100000\nmnt_id:\t30\nino:\t7\n`);
  }
}

/** As the kubelet names a file that it rotates away. */
const rotatedAt = (minutesAgo: number): string =>
  `0.log.${new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;

/** Texts of the lines of the one copy that there is. */
function copied(): string[] {
  const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
  const copies = readdirSync(join(node, folder));
  assert.equal(copies.length, 1);
  return read(`${folder}/${copies[0]}`)
    .trimEnd()
    .split("\n")
    .map((l) => l.split(" ").slice(2).join(" "));
}

/** What Alloy tells of its buffer. */
interface Counts {
  out: number;
  sent: number;
  reads: number;
  segment: number;
}

/** The script with its loop, one round for each call, beside an Alloy that tells these counts. */
async function withRounds(alloy: Counts, use: (round: () => Promise<void>) => Promise<void>): Promise<void> {
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
  const rounds = spawn(
    "bash",
    [
      "-c",
      script()
        .replace("/12345", `/${(metrics.address() as AddressInfo).port}`)
        .replace("while sleep 3;", "echo begun; while read -r;")
        .replace("&& tidy\ndone &", "&& tidy\necho round\ndone")
        .replace("exec /bin/alloy", "echo alloy"),
      "alloy",
    ],
    { env: { PATH: process.env.PATH ?? "", LOGGING_BUFFER_MIB: "1024" } },
  );
  const said = createInterface(rounds.stdout)[Symbol.asyncIterator]();
  try {
    assert.equal((await said.next()).value, "begun");
    await use(async () => {
      rounds.stdin.write("\n");
      assert.equal((await said.next()).value, "round");
    });
  } finally {
    rounds.stdin.end();
    rounds.kill();
    metrics.close();
  }
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
      note(READING, { [`${CONTAINER}/0.log`]: upTo(read) });
      start();
      assert.equal(position(`${CONTAINER}/0.log`), upTo(whole), `after ${read} parts of five`);
    }
  });

  it("goes back to what had arrived, not to what was read, and does without the buffer", () => {
    const old = line(new Date(Date.now() - HOUR), "F", "text");
    put(`${CONTAINER}/0.log`, old.repeat(10));
    note(DELIVERED, { [`${CONTAINER}/0.log`]: old.length * 4 });
    put("/var/lib/alloy/seen", `${node}${CONTAINER}/0.log\n`);
    put("/var/lib/alloy/loki.write.gateway/wal/00000000", "records");
    note(READING, { [`${CONTAINER}/0.log`]: old.length * 9 });
    start();
    assert.equal(position(`${CONTAINER}/0.log`), old.length * 4);
    assert.ok(!existsSync(join(node, "/var/lib/alloy/loki.write.gateway/wal")));
    // The buffer does not reach back to what was read any more, when the files are not whole the next time.
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
      note(DELIVERED, { [`${CONTAINER}/0.log`]: 40, [`${CONTAINER}/1.log`]: 40, [`${gone}/app/0.log`]: 40 }, [before]);
      const seen = [`${CONTAINER}/0.log`, `${CONTAINER}/1.log`, before, rotated, `${gone}/app/0.log`];
      put("/var/lib/alloy/seen", seen.map((file) => `${node}${file}\n`).join(""));
      put(wal, "records");
      rmSync(join(node, path), { recursive: true });
      start();
      return existsSync(join(node, wal));
    };

    for (const [what, path] of [
      ["a pod's folder is gone", gone],
      ["a file that was rotated away since is gone", rotated],
      // In a crash loop the kubelet keeps the files of the last containers only, and the folder.
      ["the file of a container that ended is gone", `${CONTAINER}/0.log`],
    ] as const) {
      it(`is kept where the files do not reach back: ${what}`, () => assert.equal(startWithout(path), true));
    }

    it("is not needed for a file that was rotated away, and read, before", () =>
      assert.equal(startWithout(before), false));
  });

  it("goes on in the file that had been read, by whatever name it has now, and puts what was rotated away beside the current one, in order", () => {
    const ago = (minutes: number, flag: string, text: string): string =>
      line(new Date(Date.now() - minutes * 60_000), flag, text);
    const [oldest, older, newer] = [rotatedAt(30), rotatedAt(8), rotatedAt(3)];
    put(`${CONTAINER}/${oldest}.gz`, gzipSync(`${ago(31, "F", "read long ago")}${ago(30, "P", "split and ")}`));
    const readBefore = ago(30, "F", "its rest");
    put(`${CONTAINER}/${older}.gz`, gzipSync(readBefore + ago(9, "F", "one")));
    put(`${CONTAINER}/${newer}`, ago(4, "P", "two, "));
    const rest = ago(3, "F", "and its rest");
    put(`${CONTAINER}/0.log`, rest + ago(2, "F", "three"));
    note(READING, { [`${CONTAINER}/0.log`]: readBefore.length }, [`${CONTAINER}/${oldest}`]);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), rest.length);
    assert.deepEqual(copied(), ["F one", "P two, ", "F and its rest"]);
    // It was still reading the file before when that was rotated away.
    rmSync(join(node, "var/lib/alloy/replay"), { recursive: true });
    note(READING, { [`${CONTAINER}/${older}`]: 0 }, [`${CONTAINER}/${oldest}`, `${CONTAINER}/${newer}`]);
    start();
    assert.deepEqual(copied(), ["P split and ", "F its rest", "F one", "P two, ", "F and its rest"]);
  });

  it("takes no file that is quiet for another one, however old its lines are", () => {
    // A burst that was rotated away, three lines, and half an hour of nothing: Alloy's own position is that of the file that went.
    const old = line(new Date(Date.now() - HOUR), "F", "text");
    put(`${CONTAINER}/${rotatedAt(59)}`, old.repeat(50));
    put(`${CONTAINER}/0.log`, old.repeat(3) + line(new Date(), "F", "in the outage").repeat(5));
    note(READING, { [`${CONTAINER}/0.log`]: old.length * 3 }, [`${CONTAINER}/${rotatedAt(59)}`]);
    put(POSITIONS, `positions:\n  ? path: ${node}${CONTAINER}/0.log\n    labels: '{}'\n  : "${old.length * 20}"\n`);
    start();
    assert.equal(position(`${CONTAINER}/0.log`), old.length * 3);
  });

  it("sends a line whole of which the first part had been read, in the file before", () => {
    const [before, current] = [line(new Date(), "P", "one, "), line(new Date(), "P", "two, ")];
    put(`${CONTAINER}/${rotatedAt(9)}`, line(new Date(), "F", "whole") + before);
    put(`${CONTAINER}/0.log`, `${current}${line(new Date(), "F", "three")}${line(new Date(), "F", "next")}`);
    note(READING, { [`${CONTAINER}/0.log`]: current.length }, [`${CONTAINER}/${rotatedAt(9)}`]);
    start();
    assert.deepEqual(copied(), ["P one, ", "P two, ", "F three"]);
    assert.equal(position(`${CONTAINER}/0.log`), current.length + line(new Date(), "F", "three").length);
  });

  it("notes what Alloy has read of the files that it has open, whatever their names are by now", async () => {
    const text = line(new Date(), "F", "text").repeat(1000);
    const rotated = `${CONTAINER}/${rotatedAt(1)}`;
    put(`${CONTAINER}/0.log`, text);
    put(`${CONTAINER}/1.log`, text);
    put("/var/log/pods/shop_new-0_1/app/0.log", text);
    put("/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/0.1.log", text);
    put(`${rotated}.gz`, "compressed");
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      open({
        [rotated]: 100,
        [`${CONTAINER}/0.log`]: text.length,
        [`${CONTAINER}/1.log`]: text.length - 1,
        "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/0.1.log": 4000,
      });
      await round();
    });
    const rows = read(`${READING}.new`).replaceAll(node, "").trimEnd().split("\n").sort();
    assert.deepEqual(rows, [
      "-\t/var/log/pods/shop_new-0_1/app/0.log",
      `-\t${CONTAINER}/0.log`,
      `-\t${rotated}`,
      `-\t${CONTAINER}/1.log`,
      // What Alloy has in memory of a file is not handed on yet, unless it is at the file's end.
      "0\t/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/0.1.log",
      `100\t${rotated}`,
      `${text.length - 1 - 4096}\t${CONTAINER}/1.log`,
      `${text.length}\t${CONTAINER}/0.log`,
    ]);
  });

  it("takes nothing for delivered before the buffer was read to its end since, and all of that has arrived", async () => {
    const alloy = { out: 10, sent: 10, reads: 5, segment: 3 };
    for (const segment of ["00000003", "00000004"]) put(`/var/lib/alloy/loki.write.gateway/wal/${segment}`, "records");
    put(`${CONTAINER}/0.log.20300101-000000`, "text");
    put(`${CONTAINER}/0.log`, "text".repeat(1000));
    await withRounds(alloy, async (round) => {
      const delivered = (): string | undefined => (existsSync(join(node, DELIVERED)) ? read(DELIVERED) : undefined);
      const after = async (): Promise<string | undefined> => {
        await round();
        return delivered();
      };
      open({ [`${CONTAINER}/0.log`]: 4000 });
      assert.equal(await after(), undefined, "what has been read may not be in the buffer yet");
      const noted = read(`${READING}.new`);
      assert.match(noted, /4000\t/);
      open({ [`${CONTAINER}/0.log`]: 9999 });
      assert.equal(await after(), undefined, "it is taken");
      // An outage ends: segment 3 of 4 is read, and all of it arrives.
      Object.assign(alloy, { out: 50, sent: 50, reads: 9 });
      for (let i = 0; i < 3; i++) assert.equal(await after(), undefined, "the newest segment has not been read");
      Object.assign(alloy, { segment: 4, reads: 10, out: 60 });
      put(`${CONTAINER}/0.log.20300101-000010`, "text");
      await round();
      rmSync(join(node, CONTAINER, "0.log.20300101-000010"));
      assert.equal(await after(), undefined, "ten lines are on their way");
      alloy.sent = 60;
      assert.equal(await after(), noted, "what had been read then, not now");
      assert.match(read("/var/lib/alloy/seen"), /0\.log\.20300101-000010/, "a file that has gone may be needed");
    });
  });

  it("takes nothing for read that is rotated away while Alloy ends, when it has closed its files", async () => {
    const [one, two] = [line(new Date(), "F", "read"), line(new Date(), "F", "not read")];
    put(`${CONTAINER}/0.log`, one + two);
    put("/var/log/pods/shop_web-1_1/app/0.log", one + two);
    let rotated = "";
    await withRounds({ out: 1, sent: 1, reads: 9, segment: 9 }, async (round) => {
      open({ [`${CONTAINER}/0.log`]: (one + two).length, "/var/log/pods/shop_web-1_1/app/0.log": one.length });
      for (let i = 0; i < 3; i++) await round();
      // Not all at the same moment.
      open({ "/var/log/pods/shop_web-1_1/app/0.log": one.length });
      rotated = join(node, CONTAINER, rotatedAt(0));
      renameSync(join(node, CONTAINER, "0.log"), rotated);
      appendFileSync(rotated, two);
      put(`${CONTAINER}/0.log`, two);
      await round();
      open({});
      for (let i = 0; i < 4; i++) await round();
    });
    const rows = read(READING).replaceAll(node, "").trimEnd().split("\n").sort();
    const offsets = rows.filter((row) => !row.startsWith("-"));
    assert.deepEqual(
      offsets,
      [`${(one + two).length}\t${CONTAINER}/0.log`, "0\t/var/log/pods/shop_web-1_1/app/0.log"].sort(),
    );
    assert.doesNotMatch(rows.join(), /0\.log\./);
    assert.ok(read("/var/lib/alloy/seen.new").includes(rotated), "it will be missed when it is gone");
    put(POSITIONS, "positions:\n");
    start();
    assert.deepEqual(copied(), ["F not read"]);
  });

  it("sends again what was written to a file after it was renamed", async () => {
    const at = (ago: number, text: string): string => line(new Date(Date.now() - ago * 1000), "F", text);
    const [early, last] = [at(90, "long before"), at(60, "in the same second")];
    const rotated = `${CONTAINER}/${rotatedAt(1)}`;
    put(`${CONTAINER}/0.log`, early + last);
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      open({ [`${CONTAINER}/0.log`]: 0 });
      await round();
      await round();
      renameSync(join(node, CONTAINER, "0.log"), join(node, rotated));
      appendFileSync(join(node, rotated), at(59, "behind Alloy's back") + line(new Date(), "P", "split and "));
      put(`${CONTAINER}/0.log`, at(58, "its rest") + at(57, "next"));
      open({ [`${CONTAINER}/0.log`]: 0 });
      await round();
      assert.ok(!existsSync(join(node, "var/lib/alloy/replay/shop_web-0_0f1e2d3c")), "more may be written to it");
      await round();
      const expected = ["F in the same second", "F behind Alloy's back", "P split and ", "F its rest"];
      assert.deepEqual(copied(), expected);
      await round();
      assert.deepEqual(copied(), expected, "once");
      // Nothing is written to this one after it was renamed.
      renameSync(join(node, CONTAINER, "0.log"), join(node, CONTAINER, rotatedAt(0)));
      put(`${CONTAINER}/0.log`, at(1, "new"));
      for (let i = 0; i < 3; i++) await round();
      assert.deepEqual(copied(), expected);
    });
  });

  it("keeps a copy that may not have been read yet, and removes it later", () => {
    const copy = put("/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log", "text\n");
    note(READING, { [`${CONTAINER}/0.log`]: 0 });
    start();
    assert.ok(existsSync(copy));
  });

  it("goes on in a copy where it left off, so that quick restarts do not send it again each time", () => {
    const copy = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/1.log";
    const one = line(new Date(), "F", "text");
    put(copy, one.repeat(3));
    note(READING, { [copy]: one.length * 2 });
    start();
    assert.equal(position(copy), one.length * 2);
  });

  it("sends again what Alloy skips when a file is rotated away while it starts", async () => {
    const at = (minutes: number, text: string, flag = "F"): string =>
      line(new Date(Date.now() - minutes * 60_000), flag, text);
    const live = join(node, CONTAINER, "0.log");
    put(`${CONTAINER}/0.log`, at(30, "one") + at(30, "two"));
    note(READING, { [`${CONTAINER}/0.log`]: at(30, "one").length });
    const folder = join(node, "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app");
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      renameSync(live, join(node, CONTAINER, rotatedAt(0)));
      put(`${CONTAINER}/0.log`, at(0, "a new line that is longer, ", "P"));
      await round();
      assert.ok(!existsSync(folder), "Alloy has opened nothing yet");
      open({ [`${CONTAINER}/0.log`]: at(30, "one").length });
      await round();
      assert.deepEqual(copied(), ["F two"], "the line that it began in is not all written");
      appendFileSync(live, at(0, "in two parts") + at(0, "next"));
      await round();
      const expected = ["F two", "P a new line that is longer, ", "F in two parts"];
      assert.deepEqual(copied(), expected);
      await round();
      assert.deepEqual(copied(), expected, "once");
    });
  });

  it("notes nothing while Alloy opens its files: it would be noted that nothing of them was read", async () => {
    put(`${CONTAINER}/0.log`, line(new Date(), "F", "text").repeat(3));
    note(READING, { [`${CONTAINER}/0.log`]: 40 });
    const noted = read(READING);
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      for (let i = 0; i < 3; i++) {
        await round();
        assert.equal(read(READING), noted);
      }
      // Alloy opens no file that it is to leave out.
      for (let i = 0; i < 3; i++) await round();
      assert.notEqual(read(READING), noted);
    });
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

  it("gives up the oldest part of its buffer when it is above its limit, and reports it", async () => {
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
      const logs = Array.from({ length: to }, (_, n) => `/var/log/pods/shop_web-${n}_uid/app/0.log`);
      note(READING, Object.fromEntries(logs.map((path) => [path, 0])));
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

  it("starts Alloy with notes that nobody can read, too", () => {
    put(READING, Buffer.from([9, 0, 10, 255]));
    put(`${CONTAINER}/0.log`, Buffer.from([0, 1, 2]));
    start();
  });
});

it("start.sh has nothing that the kubelet would take for a variable, or for a dollar", () => {
  assert.equal(expandVariables(alloyStart(), {}), alloyStart());
});

// The mark's checksum is written down in the script: it has to be that of the mark.
it("the mark in start.sh has its checksum", () => {
  const [, mark = ""] = /printf '01((?:\\x[0-9a-f]{2})+)'/.exec(alloyStart()) ?? [];
  const bytes = Buffer.concat([Buffer.from("01"), Buffer.from(mark.replaceAll("\\x", ""), "hex")]);
  assert.equal(bytes.length, 14);
  assert.equal(crc32(bytes.subarray(0, 10)), bytes.readUInt32BE(10));
});

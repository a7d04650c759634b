// What start.sh records and copies while Alloy runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import {
  CONTAINER,
  copied,
  DELIVERED,
  line,
  node,
  open,
  POSITIONS,
  put,
  READING,
  read,
  record,
  rotatedAt,
  script,
  skip,
  start,
  useEmptyNode,
  withRounds,
} from "./scriptOnFolder.ts";

describe("start.sh, while Alloy runs,", { skip }, () => {
  useEmptyNode();

  it("records what Alloy has read of its open files, whatever their names are now", async () => {
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
      // Less the part of the file in Alloy's memory, unless Alloy has reached the file's end.
      "0\t/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app/0.1.log",
      `100\t${rotated}`,
      `${text.length - 1 - 4096}\t${CONTAINER}/1.log`,
      `${text.length}\t${CONTAINER}/0.log`,
    ]);
  });

  it("records lines as delivered only after the buffer has been read to its end and all of that has arrived", async () => {
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
      assert.equal(await after(), undefined, "lines that were read may not be in the buffer yet");
      const recorded = read(`${READING}.new`);
      assert.match(recorded, /4000\t/);
      open({ [`${CONTAINER}/0.log`]: 9999 });
      assert.equal(await after(), undefined, "the offsets are taken");
      // An outage ends: segment 3 of 4 is read, and all of it arrives.
      Object.assign(alloy, { out: 50, sent: 50, reads: 9 });
      for (let i = 0; i < 3; i++) assert.equal(await after(), undefined, "the newest segment has not been read");
      Object.assign(alloy, { segment: 4, reads: 10, out: 60 });
      put(`${CONTAINER}/0.log.20300101-000010`, "text");
      await round();
      rmSync(join(node, CONTAINER, "0.log.20300101-000010"));
      assert.equal(await after(), undefined, "ten lines are on their way");
      alloy.sent = 60;
      assert.equal(await after(), recorded, "the offsets of that time, not the current ones");
      assert.match(read("/var/lib/alloy/seen"), /0\.log\.20300101-000010/, "a file that has gone may be needed");
    });
  });

  it("never records lines as read that are rotated away while Alloy stops and closes its files", async () => {
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
    assert.ok(read("/var/lib/alloy/seen.new").includes(rotated), "the next start notices if it is gone");
    put(POSITIONS, "positions:\n");
    start();
    assert.deepEqual(copied(), ["F not read"]);
  });

  it("sends again what was written to a file after its rename", async () => {
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

  it("sends again what Alloy skips if a file rotates while it starts", async () => {
    const at = (minutes: number, text: string, flag = "F"): string =>
      line(new Date(Date.now() - minutes * 60_000), flag, text);
    const live = join(node, CONTAINER, "0.log");
    put(`${CONTAINER}/0.log`, at(30, "one") + at(30, "two"));
    record(READING, { [`${CONTAINER}/0.log`]: at(30, "one").length });
    const folder = join(node, "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app");
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      renameSync(live, join(node, CONTAINER, rotatedAt(0)));
      put(`${CONTAINER}/0.log`, at(0, "a new line that is longer, ", "P"));
      await round();
      assert.ok(!existsSync(folder), "Alloy has opened nothing yet");
      open({ [`${CONTAINER}/0.log`]: at(30, "one").length });
      await round();
      assert.deepEqual(copied(), ["F two"], "the line at its position is incomplete");
      appendFileSync(live, at(0, "in two parts") + at(0, "next"));
      await round();
      const expected = ["F two", "P a new line that is longer, ", "F in two parts"];
      assert.deepEqual(copied(), expected);
      await round();
      assert.deepEqual(copied(), expected, "once");
    });
  });

  it("records nothing while Alloy opens its files, because they would count as unread", async () => {
    put(`${CONTAINER}/0.log`, line(new Date(), "F", "text").repeat(3));
    record(READING, { [`${CONTAINER}/0.log`]: 40 });
    const recorded = read(READING);
    await withRounds({ out: 0, sent: 0, reads: 0, segment: 0 }, async (round) => {
      for (let i = 0; i < 3; i++) {
        await round();
        assert.equal(read(READING), recorded);
      }
      // Alloy never opens excluded files.
      for (let i = 0; i < 3; i++) await round();
      assert.notEqual(read(READING), recorded);
    });
  });

  it("removes the oldest part of its buffer above the limit, and reports it", async () => {
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
    const errors: string[] = [];
    createInterface(rounds.stderr).on("line", (text) => errors.push(text));
    const exited = once(rounds, "close");
    rounds.stdin.end("\n");
    await exited;
    assert.deepEqual(readdirSync(join(node, wal)), ["00000005", "00000006"]);
    const lost = errors.filter((text) => text.includes("LOST"));
    assert.equal(lost.length, 2);
    assert.match(lost[0] ?? "", /LOST: the buffer is larger than 1 MiB, removed its oldest segment 00000003/);
  });
});

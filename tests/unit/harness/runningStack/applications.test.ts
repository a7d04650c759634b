import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, gunzipSync } from "node:zlib";
import { Application } from "../../../harness/runningStack/applications.ts";
import { idOf, Ledger } from "../../../harness/runningStack/ledger.ts";

it("what an application wrote can be put together from its files, whatever was rotated in the middle of a line", () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-application-"));
  try {
    const ledger = new Ledger("ns");
    const application = new Application(folder, "ns-0", "pod-0", ledger, { maxBytes: 30_000, maxFiles: 9 });
    for (let n = 0; n < 600; n++) {
      application.write();
      // A second each, as the kubelet's names have it.
      if (n % 100 === 99) application.rotate(new Date(Date.UTC(2026, 0, 1, 0, 0, n)));
    }
    application.end();
    const files = join(application.folder, "app");
    const names = readdirSync(files).filter((name) => name !== "0.log");
    assert.equal(names.length, 6);
    assert.equal(names.filter((name) => name.endsWith(".gz")).length, 5, "all but the newest are compressed");
    const texts = [...names.sort(), "0.log"].map((name) => {
      const content = readFileSync(join(files, name));
      return (name.endsWith(".gz") ? gunzipSync(content) : content).toString();
    });
    const lines: Record<string, string> = { stdout: "", stderr: "" };
    const found = new Map<string, number>();
    for (const record of texts.join("").trimEnd().split("\n")) {
      const [, stream = "", flag, text] = /^\S+ (stdout|stderr) ([PF]) (.*)$/.exec(record) ?? [];
      lines[stream] += text ?? "";
      if (flag === "P") continue;
      const line = lines[stream] ?? "";
      const id = idOf(line) ?? "?";
      assert.equal(stream, ledger.streamOf(id));
      found.set(id, crc32(line));
      lines[stream] = "";
    }
    assert.deepEqual([...found].sort(), [...ledger.lines].sort());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("a file that falls out of the rotation is removed, as the kubelet does", () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-application-"));
  try {
    const application = new Application(folder, "ns-0", "pod-0", new Ledger("ns"), { maxBytes: 1, maxFiles: 4 });
    for (let n = 0; n < 9; n++) {
      application.write();
      application.rotate(new Date(Date.UTC(2026, 0, 1, 0, 0, n)));
    }
    application.end();
    assert.equal(readdirSync(join(application.folder, "app")).length, 4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("a file that is due", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "logging-rotate-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const due = (splitsLines: boolean): Application => {
    const rotation = { maxBytes: 1, maxFiles: 5, splitsLines };
    const application = new Application(folder, "shop", "app", new Ledger("shop"), rotation);
    application.write();
    application.rotateIfDue(new Date(Date.UTC(2026, 0, 1)));
    return application;
  };
  const ROTATED = "0.log.20260101-000000";
  const files = ({ folder }: Application): string[] => readdirSync(join(folder, "app"));
  const flags = ({ folder }: Application, name: string): string =>
    readFileSync(join(folder, "app", name), "utf8").replace(/^\S+ stdout ([PF]) .*\n/gm, "$1");

  it("is rotated in the middle of a line, once", () => {
    const application = due(true);
    application.end();
    assert.deepEqual(files(application), ["0.log", ROTATED]);
    assert.equal(flags(application, ROTATED), "FP");
    assert.match(flags(application, "0.log"), /^P*F$/);
  });

  it("or gets some lines more after it was renamed", async () => {
    const application = due(false);
    application.write();
    assert.deepEqual(files(application), [ROTATED]);
    application.rotateIfDue(new Date(Date.UTC(2026, 0, 2)));
    while (!files(application).includes("0.log")) await sleep(5);
    application.write();
    application.end();
    assert.deepEqual(files(application), ["0.log", ROTATED]);
    assert.deepEqual([flags(application, ROTATED), flags(application, "0.log")], ["FFF", "F"]);
  });
});

// start.sh itself, on a folder instead of a node.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach } from "node:test";
import { alloyStart } from "../../../../components/alloy/values.ts";

export const CONTAINER = "/var/log/pods/shop_web-0_0f1e2d3c/app";

/** The folder that is the node of the current test. */
export let node: string;

/** Gives each test of a suite an empty node. */
export function useEmptyNode(): void {
  beforeEach(() => {
    node = mkdtempSync(join(tmpdir(), "logging-start-"));
  });
  afterEach(() => rmSync(node, { recursive: true }));
}

export const skip = process.platform !== "linux" && "start.sh needs the GNU tools of Alloy's image";

export const put = (path: string, content: string | Buffer): string => {
  const file = join(node, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

export const read = (path: string): string => readFileSync(join(node, path), "utf8");

/** The script, changed to use this folder. */
export const script = (): string =>
  alloyStart()
    .replace("storage=/var/lib/alloy", `storage=${node}/var/lib/alloy`)
    .replace("logs=/var/log/pods", `logs=${node}/var/log/pods`)
    .replaceAll("/proc/$alloy", `${node}/proc`);

/** Runs the script to the point where it starts Alloy. Returns its error output. */
export function start(path = process.env.PATH ?? ""): string {
  const upToAlloy = script().replace("while sleep 3;", "while false;").replace("exec /bin/alloy", "echo alloy");
  const { stdout, stderr, status } = spawnSync("bash", ["-c", upToAlloy, "alloy", "run", "config"], {
    encoding: "utf8",
    env: { PATH: path, LOGGING_BUFFER_MIB: "1024" },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "alloy run config\n", "Alloy is started with its own arguments");
  return stderr;
}

export const POSITIONS = "/var/lib/alloy/loki.source.file.pods/positions.yml";

export const READING = "/var/lib/alloy/reading";
export const DELIVERED = "/var/lib/alloy/delivered";

/** Writes a record as the script does: how far Alloy has read its open files, and which others exist. */
export function record(file: string, offsets: Record<string, number>, others: readonly string[] = []): void {
  put(POSITIONS, "positions:\n");
  const rows = [...others.map((path) => ["-", path]), ...Object.entries(offsets).map(([path, at]) => [at, path])];
  put(file, rows.map(([offset, path]) => `${offset}\t${node}${path}\n`).join(""));
}

/** Alloy's open files with their current names, as the kernel shows them. */
export function open(files: Record<string, number>): void {
  for (const folder of ["fd", "fdinfo"]) {
    rmSync(join(node, "proc", folder), { recursive: true, force: true });
    mkdirSync(join(node, "proc", folder), { recursive: true });
  }
  for (const [n, [path, at]] of Object.entries(files).entries()) {
    symlinkSync(join(node, path), join(node, "proc/fd", String(n + 5)));
    put(`proc/fdinfo/${n + 5}`, `pos:\t${at}\nflags:\t0100000\nmnt_id:\t30\nino:\t7\n`);
  }
}

/** The kubelet's name for a file that it rotated. */
export const rotatedAt = (minutesAgo: number): string =>
  `0.log.${new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;

/** The lines of the only copy, without time and stream. */
export function copied(): string[] {
  const folder = "/var/lib/alloy/replay/shop_web-0_0f1e2d3c/app";
  const copies = readdirSync(join(node, folder));
  assert.equal(copies.length, 1);
  return read(`${folder}/${copies[0]}`)
    .trimEnd()
    .split("\n")
    .map((l) => l.split(" ").slice(2).join(" "));
}

/** Alloy's metrics of its buffer. */
interface Counts {
  out: number;
  sent: number;
  reads: number;
  segment: number;
}

/** Runs the script with its loop, one round per call, beside an Alloy with these metrics. */
export async function withRounds(alloy: Counts, use: (round: () => Promise<void>) => Promise<void>): Promise<void> {
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
  const output = createInterface(rounds.stdout)[Symbol.asyncIterator]();
  try {
    assert.equal((await output.next()).value, "begun");
    await use(async () => {
      rounds.stdin.write("\n");
      assert.equal((await output.next()).value, "round");
    });
  } finally {
    rounds.stdin.end();
    rounds.kill();
    metrics.close();
  }
}

export const position = (path: string): number | undefined => {
  const found = new RegExp(`path: ${node}${path}\\n {4}labels: '{}'\\n {2}: "(\\d+)"`).exec(read(POSITIONS));
  return found ? Number(found[1]) : undefined;
};

export const HOUR = 3_600_000;
export const line = (at: Date, flag: string, text: string): string => `${at.toISOString()} stdout ${flag} ${text}\n`;

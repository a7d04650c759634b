// What the pipeline tier measures with has to be right itself.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, gunzipSync } from "node:zlib";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { missing, PACKAGES, pinned, standIns } from "../../harness/builtPrograms.ts";
import { expandVariables } from "../../harness/pods/variableExpansion.ts";
import { Application, idOf, Ledger, lineOf } from "../../harness/runningStack/applications.ts";

it("a command and its arguments are what the kubelet makes of them", () => {
  const environment = { NAME: "value", OTHER: "" };
  assert.equal(expandVariables("$(NAME) $(OTHER) $(NOBODY) $NAME", environment), "value  $(NOBODY) $NAME");
  assert.equal(expandVariables("/proc/$$/fd $$(NAME) $((1 + 2))", environment), "/proc/$/fd $(NAME) $((1 + 2))");
});

it("the Loki that is built is the one that the chart brings", () => {
  assert.equal(pinned("loki"), `v${LOKI_CHART.appVersion}`);
});

it(".ci/packages.sh installs every package that the tier asks for", () => {
  const install = /^apt-get install (.*)$/m.exec(readFileSync(".ci/packages.sh", "utf8"))?.[1] ?? "";
  // Debian marks it as essential: no system boots without it.
  const essential = ["util-linux"];
  const wanted = Object.values(PACKAGES).filter((name) => !essential.includes(name));
  assert.deepEqual(
    install.split(" ").filter((word) => !word.startsWith("--")),
    wanted,
  );
});

it("without charts the run says so, and how to have them; it does not stop for it", () => {
  const { LOGGING_CHARTS } = process.env;
  try {
    process.env.LOGGING_CHARTS = "/nowhere";
    const [said = ""] = standIns();
    assert.match(said, /^NO CHARTS: .*withoutCharts.*helm pull loki --repo .*helm pull alloy --repo /);
    assert.doesNotMatch(missing().join(), /helm|chart/);
  } finally {
    if (LOGGING_CHARTS === undefined) delete process.env.LOGGING_CHARTS;
    else process.env.LOGGING_CHARTS = LOGGING_CHARTS;
  }
});

it("every line has its id in it, and is the same each time", () => {
  for (let n = 1; n < 1000; n++) {
    const text = lineOf("ns-0/pod-1/7", n);
    assert.equal(idOf(text), "ns-0/pod-1/7");
    assert.equal(text, lineOf("ns-0/pod-1/7", n));
    assert.equal(idOf(text.slice(5)), undefined, "half a line is no line");
  }
});

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
    let line = "";
    const found = new Map<string, number>();
    for (const record of texts.join("").trimEnd().split("\n")) {
      const [, flag, text] = /^\S+ stdout ([PF]) (.*)$/.exec(record) ?? [];
      line += text;
      if (flag === "P") continue;
      found.set(idOf(line) ?? "?", crc32(line));
      line = "";
    }
    assert.deepEqual(found, ledger.lines);
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

it("the loss contract names every scenario, and which ones run without --all", () => {
  const contract = readFileSync(resolve(import.meta.dirname, "../../../docs/loss-contract.md"), "utf8");
  const table = contract.slice(contract.indexOf("## Which test shows what"));
  const rows = table.split("\n").filter((row) => row.startsWith("| ") && !/^\| (promise|---)/.test(row));
  const named = rows.flatMap((row) => [...(row.split("|").at(-2) ?? "").matchAll(/`(\w+)`/g)].map((m) => m[1]));
  const there = globSync("scenarios/*.test.ts", { cwd: resolve(import.meta.dirname, "../../pipeline") });
  assert.deepEqual([...new Set(named)].sort(), there.map((file) => basename(file, ".test.ts")).sort());
  const usual = /const USUAL = \[([^\]]*)\]/.exec(
    readFileSync(resolve(import.meta.dirname, "../../pipeline/run.ts"), "utf8"),
  )?.[1];
  const bold = [...table.matchAll(/\*\*`(\w+)`\*\*/g)].map((m) => m[1]);
  assert.deepEqual(bold.sort(), [...(usual ?? "").matchAll(/"(\w+)"/g)].map((m) => m[1]).sort());
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

// `npm run usage` against a fake Loki. The pipeline tier measures a real one.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Gateway } from "../../../../automation/cluster/gateway.ts";
import { main } from "../../../../automation/commands/usage.ts";
import { stackSettings } from "../../../../automation/plan/stackSettings.ts";
import { measureUsage, type UsageOptions } from "../../../../automation/usage/usage.ts";
import { usageText } from "../../../../automation/usage/usageText.ts";
import { MEASURED } from "../../../../components/profile/profiles.ts";
import { writeConfigFile } from "../../../harness/fakeCluster/configFile.ts";
import { type Behaviour, type FakeCluster, startFakeCluster } from "../../../harness/fakeCluster/fakeCluster.ts";
import { runInProcess } from "../../../harness/inProcess.ts";
import type { Loose } from "../../../harness/manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-usage-test-"));
const fakes: FakeCluster[] = [];
after(() => {
  for (const fake of fakes) fake.close();
  rmSync(folder, { recursive: true });
});

const GIB = 2 ** 30;
const NOW = new Date("2026-11-26T16:20:00Z");

/** GiB of each container in a day, where 0 is the oldest of seven. */
const LOGGED: Record<string, (day: number) => number> = {
  "shop/web": (day) => 2 + day,
  "shop/db": () => 3,
  "dev/web": () => 1,
  "audit/log": () => 0.5,
};

/** Loki's answer for a stack that logs this. */
const volumes = (logged: typeof LOGGED, days = 7) => {
  const end = Date.parse("2026-11-26T10:00:00Z");
  return (parameters: URLSearchParams): object[] => {
    const start = Number(parameters.get("start")) * 1000;
    const day = days - Math.round((end - start) / 86_400_000);
    return Object.entries(logged).map(([name, gib]) => {
      const [namespace, container] = name.split("/");
      return { metric: { namespace, container }, value: [start / 1000, `${Math.round(gib(day) * GIB)}`] };
    });
  };
};

async function fakeStack(behaviour: Behaviour, change?: (config: Loose) => void) {
  const fake = await startFakeCluster(behaviour);
  fakes.push(fake);
  return { fake, file: writeConfigFile(fake, folder, change) };
}

async function measured(behaviour: Behaviour, options: UsageOptions = {}, change?: (config: Loose) => void) {
  const { fake, file } = await fakeStack(behaviour, change);
  const { args } = await stackSettings("prod-aks-a", file);
  const gateway = await Gateway.open(args, fake.kube, AbortSignal.timeout(30_000));
  return measureUsage(args, gateway, { now: NOW, ...options });
}

describe("usage", () => {
  it("is GiB per day by namespace and container, over whole days that the writers have stored", async () => {
    const usage = await measured({ volumes: volumes(LOGGED) });
    assert.equal(usage.to.toISOString(), "2026-11-26T10:00:00.000Z");
    assert.equal(usage.from.toISOString(), "2026-11-19T10:00:00.000Z");
    assert.equal(usage.days, 7);
    assert.equal(usage.gibPerDay, 9.5);
    assert.deepEqual(
      usage.containers.map(({ namespace, container, gibPerDay }) => [namespace, container, gibPerDay]),
      [
        ["shop", "web", 5],
        ["shop", "db", 3],
        ["dev", "web", 1],
        ["audit", "log", 0.5],
      ],
    );
    assert.ok(Math.abs(usage.busiestMbPerSecond - (9.5 * GIB * 3) / 86_400e6) < 1e-9);
  });

  it("counts stored bytes and their cost by the retention of each container", async () => {
    const usage = await measured({ volumes: volumes(LOGGED) }, { pricePerGb: 0.02 }, (config) => {
      config.loki.retention = [{ namespace: "audit", hours: 8760 }];
    });
    const stored = (gib: number, days: number) => gib * MEASURED.stored * (days + 2);
    const [web, , , audit] = usage.containers;
    assert.ok(Math.abs((web?.storedGib ?? 0) - stored(5, 14)) < 1e-6);
    assert.ok(Math.abs((audit?.storedGib ?? 0) - stored(0.5, 365)) < 1e-6);
    const gb = (stored(9, 14) + stored(0.5, 365)) * 1.073741824;
    assert.ok(Math.abs((usage.cost ?? 0) - gb * 0.02) < 1e-6);
    assert.match(usageText(usage), /a month/);
  });

  it("finds what grows fastest", async () => {
    const usage = await measured({ volumes: volumes(LOGGED) });
    assert.equal(usage.containers[0]?.growthGibPerDay, 4);
    assert.match(usageText(usage), /growing fastest.*:\n {2}shop\/web: 4\.00 GiB a day more\n\n/);
  });

  it("averages over the days since the first line, and has no growth on the first", async () => {
    const young = { "shop/web": (day: number) => (day === 6 ? 2 : 0) };
    const usage = await measured({ volumes: volumes(young) });
    assert.deepEqual([usage.days, usage.gibPerDay, usage.containers[0]?.growthGibPerDay], [1, 2, undefined]);
    assert.doesNotMatch(usageText(usage), /growing/);
  });

  it("is compared with the limits and with the profile", async () => {
    const text = async (gib: number, change: (config: Loose) => void) =>
      usageText(await measured({ volumes: volumes({ "a/b": () => gib }) }, {}, change));
    const small = (config: Loose) => {
      config.profile = "small";
    };
    assert.match(
      await text(9.5, small),
      /busiest hour, as 3 times the mean: 0\.35 MB\/s, 1 % of loki\.limits\.ingestionRateMb, 50$/m,
    );
    assert.match(await text(9.5, small), /sizing: 10\.2 GB a day; the profile small is for up to 20$/m);
    assert.match(await text(50, small), /the profile small is for up to 20: medium fits instead, for up to 100$/m);
    assert.match(await text(600, small), /no profile has room for it: sizing\(\{ gbPerDay: 645, nodes \}\)/);
    assert.match(await text(50, () => {}), /no profile is set, medium is for up to 100$/m);
    const narrow = await text(9.5, (config) => {
      config.loki.limits = { ingestionRateMb: 0.5, ingestionBurstMb: 12 };
    });
    assert.match(narrow, /71 % of .*\. Above the limit lines come late: raise it/);
  });

  it("does not count the bytes that Loki rounds into a day without lines", async () => {
    const usage = await measured({ volumes: volumes({ "a/b": (day) => [0, 0, 0, 0, 1e-3, 2, 2][day] ?? 0 }) });
    assert.deepEqual([usage.days, usage.gibPerDay], [2, 2]);
  });

  it("shows the loudest, and adds up the others", async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`team/c${i}`, () => 30 - i]));
    const text = usageText(await measured({ volumes: volumes(many) }));
    assert.match(text, /^ +30\.0 +6\.7 % +14 d +\d+ +team +c0$/m);
    assert.match(text, /^and 5 more with 40\.0 GiB a day$/m);
  });

  it("explains why there is nothing to measure", async () => {
    await assert.rejects(measured({}), /no lines of prod-aks-a in the 7 days until 2026-11-26T10:00:00\.000Z/);
    await assert.rejects(measured({ volumeError: [404, "not found"] }), /answers 404 to index\/volume: not found/);
    await assert.rejects(
      measured({ volumeError: [500, "the query hit the max number of series limit (limit: 1200 series)"] }),
      /fix: raise loki\.queries\.maxSeries/,
    );
  });
});

describe("npm run usage", () => {
  const run = (file: string, ...more: string[]) => runInProcess(main, ["prod-aks-a", "--config-file", file, ...more]);

  it("prints a table, and everything as JSON", async () => {
    const behaviour: Behaviour = {
      volumes: () => [{ metric: { namespace: "a", container: "b" }, value: [0, `${GIB}`] }],
    };
    const { file, fake } = await fakeStack(behaviour);
    const text = await run(file, "--days", "2");
    assert.deepEqual([text.code, text.stderr], [0, ""]);
    assert.match(text.stdout, /^prod-aks-a, .* UTC: 2 days\n1\.00 GiB a day from 1 container,/);
    assert.equal(fake.requests.filter((asked) => asked.endsWith("/index/volume")).length, 2);
    const json = await run(file, "--json", "--price", "0.1");
    assert.equal(JSON.parse(json.stdout).containers[0].container, "b");
    assert.ok(JSON.parse(json.stdout).cost > 0);
  });

  it("ends when its time is up", async () => {
    const { file } = await fakeStack({ volumes: "silent" });
    const { code, stderr } = await run(file, "--timeout", "1");
    assert.deepEqual([code, stderr.trim()], [1, "not within 1 seconds"]);
  });

  it("prints its usage for figures that cannot be meant", async () => {
    const options = ["--days=0", "--days=x", "--days=1000", "--days=1.5", "--price=-1", "--price=", "--price=Infinity"];
    // With more than 24 days, Node's clock would end at once.
    for (const wrong of [...options, "--timeout=0", "--timeout=1000000000", "--timeout=Infinity", "--timeout=2m"]) {
      const { code, stderr } = await runInProcess(main, ["prod-aks-a", wrong]);
      assert.equal(code, 1, wrong);
      assert.match(stderr, /\nusage: npm run usage -- <stack>/);
    }
  });
});

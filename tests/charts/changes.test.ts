// The change report of real changes to a production stack, through the real charts.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ChangeReport, compareRenderedStacks } from "../../automation/changes/changeReport.ts";
import { reportMarkdown } from "../../automation/changes/reportText.ts";
import { helmTemplates } from "../../automation/plan/helmTemplate.ts";
import { releasesOf } from "../../automation/plan/releases.ts";
import type { RenderedStack } from "../../automation/plan/renderStack.ts";
import { NOBODY_IS_ALERTED } from "../../components/monitoring/args.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, stackFile } from "../harness/plannedStack.ts";

const skip = chartsMissing();

/** One stack as the commands render it. */
async function rendered(change: (config: Loose) => void = () => {}): Promise<RenderedStack> {
  const planned = await plan(stackFile(change), { tellSecretsApart: true });
  const inputs = releasesOf(planned.resources);
  const objects = await helmTemplates(inputs);
  const releases = inputs.map((release, i) => ({ ...release, objects: objects[i] ?? [] }));
  return {
    resources: planned.resources,
    releases,
    warnings: [],
  };
}

let unchanged: Promise<RenderedStack> | undefined;

/** What a change of the config does to the stack. */
async function reportOf(change: (config: Loose) => void): Promise<ChangeReport> {
  unchanged ??= rendered();
  return compareRenderedStacks("prod-aks-a", "base", await unchanged, await rendered(change), new Date("2026-06-01"));
}

/** Meanings as `level subject`. */
const subjects = ({ meanings }: ChangeReport): string[] => meanings.map(({ level, subject }) => `${level} ${subject}`);
const objects = ({ releases }: ChangeReport): string[] =>
  releases.flatMap((release) => release.objects.map(({ op, kind, name }) => `${op} ${kind} ${name}`));

describe("the change report, with the real charts", { skip, timeout: 300_000 }, () => {
  it("of nothing reports that", async () => {
    const report = await reportOf(() => {});
    assert.equal(report.changed, false);
    assert.equal(report.verdict, "safe");
    assert.match(reportMarkdown(report), /^### prod-aks-a: no changes$/m);
  });

  it("repeats that nobody would be alerted, although the base has the same warning, and no other", async () => {
    const before = { ...(await rendered()), warnings: [NOBODY_IS_ALERTED, "old"] };
    const after = { ...(await rendered()), warnings: [NOBODY_IS_ALERTED, "old", "new"] };
    assert.deepEqual(compareRenderedStacks("prod-aks-a", "base", before, after).warnings, [NOBODY_IS_ALERTED, "new"]);
  });

  it("of a rule that keeps the lines of a namespace shorter is destructive; of one that keeps them longer, it is not", async () => {
    const shorter = await reportOf((config) => {
      config.loki.retention = [{ namespace: "dev", hours: 24 }];
    });
    assert.equal(shorter.verdict, "destructive");
    assert.ok(subjects(shorter).includes('destructive retention of {namespace="dev"}'), subjects(shorter).join("\n"));
    const longer = await reportOf((config) => {
      config.loki.retention = [{ namespace: "audit", container: "ledger", hours: 8760 }];
    });
    assert.equal(longer.verdict, "safe");
    assert.ok(
      subjects(longer).includes('safe retention of {namespace="audit", container="ledger"}'),
      subjects(longer).join("\n"),
    );
  });

  it("of a shorter retention is destructive, of a longer one safe; no pod restarts", async () => {
    const shorter = await reportOf((config) => {
      config.loki.retentionHours = 168;
    });
    assert.equal(shorter.verdict, "destructive");
    assert.deepEqual(subjects(shorter), ["destructive retention", "safe Loki's limits"]);
    assert.match(shorter.meanings[0]?.text ?? "", /14 days → 7 days/);
    const longer = await reportOf((config) => {
      config.loki.retentionHours = 672;
    });
    assert.equal(longer.verdict, "safe");
    assert.deepEqual(objects(longer), ["changed ConfigMap loki-runtime"]);
    assert.deepEqual(
      longer.releases[0]?.objects[0]?.fields.map(({ path, before, after }) => [path, before, after]),
      [
        ['data."runtime-config.yaml".overrides.fake.max_query_length', "360h", "696h"],
        ['data."runtime-config.yaml".overrides.fake.max_query_lookback', "336h", "672h"],
        ['data."runtime-config.yaml".overrides.fake.retention_period', "336h", "672h"],
      ],
    );
  });

  it("of the limits and the guard rails of queries restarts no pod, and names what Loki reloads", async () => {
    const report = await reportOf((config) => {
      config.loki.limits = {
        ...{ ingestionRateMb: 60, ingestionBurstMb: 200, perStreamRateMb: 6, perStreamBurstMb: 40, maxStreams: 30_000 },
      };
      config.loki.queries = {
        ...{ timeoutSeconds: 60, maxReadGb: 50, maxSeries: 2000, maxEntries: 100, blocked: [{ pattern: "{a=`b`}" }] },
      };
    });
    assert.deepEqual(objects(report), ["changed ConfigMap loki-runtime"]);
    assert.deepEqual(subjects(report), ["safe Loki's limits"]);
    const [{ text } = { text: "" }] = report.meanings;
    assert.match(text, /^reloaded without a restart/);
    for (const limit of [
      "ingestion_rate_mb (50 → 60)",
      "ingestion_burst_size_mb (100 → 200)",
      "per_stream_rate_limit (5MB → 6MB)",
      "per_stream_rate_limit_burst (20MB → 40MB)",
      "max_global_streams_per_user (20000 → 30000)",
      "query_timeout (300s → 60s)",
      "max_query_bytes_read (108GB → 50GB)",
      "max_query_series (1200 → 2000)",
      "max_entries_limit_per_query (5000 → 100)",
      "blocked_queries (unset → ",
    ])
      assert.ok(text.includes(limit), `${limit} is missing in ${text}`);
  });

  it("of a shorter retention for some lines, or deletions, is destructive wherever it is written", async () => {
    const stream = [{ selector: '{namespace="dev"}', priority: 1, period: "24h" }];
    for (const loki of [
      { limits_config: { retention_stream: stream } },
      { structuredConfig: { limits_config: { retention_stream: stream } } },
      { runtimeConfig: { overrides: { fake: { retention_stream: stream } } } },
    ]) {
      const report = await reportOf((config) => {
        config.loki.values = { loki };
      });
      assert.equal(report.verdict, "destructive", JSON.stringify(loki));
      assert.equal(subjects(report)[0], 'destructive retention of {namespace="dev"}');
    }
    const deletions = await reportOf((config) => {
      config.loki.values = { loki: { limits_config: { deletion_mode: "filter-and-delete" } } };
      config.promisesGivenUp = ["deletion"];
    });
    assert.equal(subjects(deletions)[0], "destructive deletion_mode");
  });

  it("of another number of readers restarts no pod, and adds up the requests", async () => {
    const report = await reportOf((config) => {
      config.loki.read.replicas = 4;
    });
    assert.deepEqual(subjects(report), ["safe Deployment loki-read"]);
    assert.equal(report.verdict, "safe");
    const { before, after } = report.capacity;
    assert.equal(after.requested.pods, before.requested.pods + 1);
    assert.equal(after.requested.cpu, before.requested.cpu + 1000);
    assert.deepEqual(after.offered, before.offered);
  });

  it("of a volume size reports that the upgrade will fail, and the commands that fix it", async () => {
    const report = await reportOf((config) => {
      config.loki.write.diskSizeGiB = 100;
    });
    assert.equal(report.verdict, "disruptive");
    const [meaning] = report.meanings;
    assert.match(meaning?.text ?? "", /the upgrade will fail: .*50Gi → 100Gi/);
    assert.match(meaning?.fix ?? "", /patch pvc .*"storage":"100Gi"/);
    assert.match(meaning?.fix ?? "", /data-loki-write-0 data-loki-write-1 data-loki-write-2/);
    assert.match(meaning?.fix ?? "", /kubectl -n logging delete statefulset loki-write --cascade=orphan/);
    assert.deepEqual(report.costs, ["disks, managed-csi-premium: 5 of 190 GiB together → 5 of 340 GiB together"]);
  });

  it("of an edited schema period is destructive; of an appended one it is not", async () => {
    const edited = await reportOf((config) => {
      config.loki.schema = [{ from: "2025-02-01" }];
    });
    assert.equal(edited.verdict, "destructive");
    assert.match(subjects(edited)[0] ?? "", /^destructive Loki's schema, loki\.schema\[0\]$/);
    const appended = await reportOf((config) => {
      config.loki.schema = [{ from: "2025-01-01" }, { from: "2026-07-01" }];
    });
    assert.equal(appended.verdict, "restarts");
    assert.ok(subjects(appended).includes("safe Loki's schema"));
  });

  it("of rotated keys names the rotation and the pods that it rolls, and shows no key", async () => {
    const report = await reportOf((config) => {
      config.objectStorage.credentialsGeneration = 2;
    });
    assert.equal(report.verdict, "restarts");
    assert.deepEqual(
      report.resources.filter(({ op }) => op === "replace").map(({ name }) => name),
      ["logging-bucket-secret-key", "logging-bucket-user", "logging-bucket-user-policy", "logging-minio-credentials"],
    );
    assert.deepEqual(subjects(report), [
      "restarts MinIO's keys",
      "restarts Deployment loki-read",
      "restarts StatefulSet loki-backend",
      "restarts StatefulSet loki-write",
    ]);
    assert.doesNotMatch(
      JSON.stringify(report.resources.map(({ fields }) => fields)),
      /offlinePassword|\[secret [0-9a-f]/,
    );
  });

  it("of a rotated login rolls the gateway and Alloy", async () => {
    const report = await reportOf((config) => {
      config.loki.gateway = { credentialsGeneration: 2 };
    });
    assert.equal(report.verdict, "restarts");
    assert.ok(subjects(report).includes("restarts the gateway's login"));
    assert.ok(subjects(report).includes("restarts DaemonSet alloy"));
    assert.ok(subjects(report).includes("restarts Deployment loki-gateway"));
  });

  it("of another bucket is destructive, twice", async () => {
    const report = await reportOf((config) => {
      config.objectStorage.bucket = "another-bucket";
    });
    const destructive = report.meanings.filter(({ level }) => level === "destructive").map(({ text }) => text);
    assert.ok(destructive.some((text) => /the bucket is replaced, with every line in it/.test(text)));
    assert.ok(destructive.some((text) => /the engine refuses to replace it/.test(text)));
    assert.ok(destructive.some((text) => /loki-prod-aks-a → another-bucket/.test(text)));
  });

  it("of another VM size replaces the pool, and reports what it costs", async () => {
    const report = await reportOf((config) => {
      config.nodePool.vmSize = "Standard_D8s_v5";
    });
    assert.equal(report.verdict, "disruptive");
    assert.match(
      report.meanings[0]?.text ?? "",
      /a new pool is created, then every logging node is drained .*: vmSize$/,
    );
    assert.deepEqual(report.costs, [
      "nodes: 3 to 5 × Standard_D4s_v5, 128 GiB Managed disk each → 3 to 5 × Standard_D8s_v5, 128 GiB Managed disk each",
    ]);
  });

  it("of another chart version reports what it does to our objects, and once what it does to all of them", async () => {
    const charts = mkdtempSync(join(tmpdir(), "logging-test-charts-"));
    const { LOGGING_CHARTS = "" } = process.env;
    try {
      for (const name of ["loki", "alloy"]) cpSync(join(LOGGING_CHARTS, name), join(charts, name), { recursive: true });
      const edit = (file: string, from: RegExp, to: string) => {
        const text = readFileSync(join(charts, file), "utf8");
        assert.match(text, from);
        writeFileSync(join(charts, file), text.replace(from, to));
      };
      edit("loki/Chart.yaml", /^version: .*$/m, "version: 99.0.0");
      edit("loki/templates/gateway/service.yaml", /port: .*/, "port: 8081");
      process.env.LOGGING_CHARTS = charts;
      const bumped = await rendered();
      const releases = bumped.releases.map((r) => (r.name === "loki" ? { ...r, version: "99.0.0" } : r));
      process.env.LOGGING_CHARTS = LOGGING_CHARTS;
      const report = compareRenderedStacks("prod-aks-a", "base", await rendered(), { ...bumped, releases });
      assert.deepEqual(report.releases[0]?.chart, { before: "loki 18.11.0", after: "loki 99.0.0" });
      const markdown = reportMarkdown(report);
      assert.match(markdown, /Helm release loki: \d+ changed \(chart loki 18\.11\.0 → loki 99\.0\.0\)/);
      assert.match(
        markdown,
        /^# ~ in \d\d objects alike\n- metadata\.labels\."helm\.sh\/chart": loki-18\.11\.0\n\+ .*: loki-99\.0\.0$/m,
      );
      assert.match(markdown, /^# ~ Service loki-gateway\n(.*\n)*?\+ spec\.ports\[http\]\.port: 8081$/m);
    } finally {
      process.env.LOGGING_CHARTS = LOGGING_CHARTS;
      rmSync(charts, { recursive: true });
    }
  });

  it("of chart values finds what they do inside", async () => {
    const report = await reportOf((config) => {
      config.loki.values = { write: { podAnnotations: { "example.com/team": "logs" } }, test: { enabled: false } };
    });
    assert.deepEqual(subjects(report), ["restarts StatefulSet loki-write"]);
    assert.match(report.meanings[0]?.text ?? "", /3 pods restart, one after the other: annotations/);
  });
});

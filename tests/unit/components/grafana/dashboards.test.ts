// The dashboards: what a stack registers, and what their panels ask for.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, it } from "node:test";
import type { ResolvedArgs } from "../../../../components/args.ts";
import { DASHBOARD_NAMES } from "../../../../components/grafana/dashboards/names.ts";
import { alertGroups } from "../../../../components/monitoring/alerts/pack.ts";
import { dashboardsOf, panelQueries } from "../../../harness/dashboards.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, plan, planOf, problemAt, refusal, resource, stackFile } from "../../../harness/plannedStack.ts";
import { parseExpression } from "../../../harness/promql.ts";

const planned = (dashboards: Loose) =>
  plan(
    stackFile((config) => {
      config.grafana = { dashboards };
    }),
  );

const resolved = async (change: (config: Loose) => void = () => {}): Promise<ResolvedArgs> =>
  (await load(stackFile(change))).resolved;

/** The limit of a ConfigMap. https://kubernetes.io/docs/concepts/configuration/configmap/ */
const MIB = 2 ** 20;

describe("the dashboards as ConfigMaps", () => {
  it("have the sidecar's label, the folder, and names that stay", async () => {
    const all = await planned({ namespace: "grafana" });
    for (const name of DASHBOARD_NAMES) {
      const { metadata, data, immutable } = resource(all, `logging-dashboard-${name}`).inputs as Loose;
      assert.deepEqual(metadata, {
        name: `log-platform-dashboard-${name}`,
        namespace: "grafana",
        labels: { grafana_dashboard: "1" },
        annotations: { grafana_folder: "Log platform" },
      });
      assert.equal(immutable, undefined);
      assert.ok(JSON.stringify(data).length < MIB, name);
      assert.equal(JSON.parse(data[`log-platform-${name}.json`]).editable, false);
    }
  });

  it("take the label of another sidecar, and another folder", async () => {
    const all = await planned({ namespace: "grafana", label: { key: "team/board", value: "x" }, folder: "Logs" });
    const { metadata } = resource(all, "logging-dashboard-health").inputs as Loose;
    assert.deepEqual(metadata.labels, { "team/board": "x" });
    assert.deepEqual(metadata.annotations, { grafana_folder: "Logs" });
  });

  it("are left out unless a stack asks for them, and then cost no time", async () => {
    const { resources } = await planOf("prod-aks-a");
    assert.ok(!resources.some(({ name }) => name.includes("dashboard")));
    const program = `await import("./components/loggingStack.ts");
      const { createRequire } = await import("node:module");
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("foundation-sdk")).length)`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["-r", "./requireNode.cjs", "--input-type=module", "-e", program],
      { encoding: "utf8" },
    );
    assert.equal(stdout.trim(), "0", stderr);
  });

  for (const [what, dashboards, path, allowed] of [
    ["no namespace", {}, "namespace", /a value is needed/],
    ["a namespace that cannot exist", { namespace: "Grafana" }, "namespace", /a Kubernetes namespace/],
    ["a label that cannot exist", { namespace: "g", label: { key: "a b", value: "1" } }, "label.key", /key of a label/],
  ] as const)
    it(`with ${what} are refused`, async () => {
      const error = await refusal(
        stackFile((config) => {
          config.grafana = { dashboards };
        }),
      );
      assert.match(problemAt(error, `grafana.dashboards.${path}`).text, allowed);
    });
});

describe("the dashboards", () => {
  let args: ResolvedArgs;
  before(async () => {
    args = await resolved((config) => {
      config.monitoring = { kind: "prometheusOperator", thresholds: { bucketGiB: 100, queuePercent: 30 } };
    });
  });

  it("ask Prometheus in PromQL", () => {
    const queries = panelQueries(args).filter(({ language }) => language === "prometheus");
    assert.ok(queries.length > 30);
    for (const { panel, expression } of queries)
      assert.doesNotThrow(() => parseExpression(expression), `${panel}: ${expression}`);
  });

  it("leave no variable of Grafana open", () => {
    for (const { panel, expression } of panelQueries(args))
      assert.ok(!expression.includes("$"), `${panel}: ${expression}`);
  });

  it("draw the alerts' thresholds", () => {
    const [panel] = dashboardsOf(args)
      .flatMap(({ panels }) => panels as Loose[])
      .filter(({ title }) => title === "The fullest queue");
    assert.equal(panel.fieldConfig.defaults.thresholds.steps[1].value, 0.3);
  });

  it("name only alerts that exist", () => {
    assert.ok(args.monitoring.kind !== "none");
    const alerts = alertGroups(args, args.monitoring).flatMap((group) => group.alerts.map(({ name }) => name));
    const named = panelQueries(args).flatMap(({ description }) => description.match(/Logging[A-Z]\w+/g) ?? []);
    assert.ok(named.length > 15);
    assert.deepEqual(
      named.filter((name) => !alerts.includes(name)),
      [],
    );
  });

  it("have another title for every panel", () => {
    for (const { title, panels } of dashboardsOf(args)) {
      const titles = (panels as Loose[]).map((panel) => panel.title);
      assert.equal(new Set(titles).size, titles.length, title);
    }
  });

  it("are the same for every cluster but for the one that is shown first", async () => {
    const text = JSON.stringify(dashboardsOf(args));
    const other = JSON.stringify(dashboardsOf({ ...args, cluster: { ...args.cluster, name: "another" } }));
    assert.notEqual(text, other);
    assert.equal(text, other.replaceAll("another", args.cluster.name));
  });

  it("link to the runbooks where a browser can open them", async () => {
    const linked = await resolved((config) => {
      config.monitoring = { kind: "prometheusOperator", runbooksUrl: "https://git.example.org/runbooks.md" };
    });
    const urls = (one: ResolvedArgs): unknown[] => dashboardsOf(one)[0]?.links.map(({ url }: Loose) => url);
    assert.ok(urls(linked).includes("https://git.example.org/runbooks.md"));
    assert.ok(!urls(args).includes("docs/runbooks.md"));
  });
});

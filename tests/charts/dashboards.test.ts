// Grafana's linter reads the dashboards. https://github.com/grafana/dashboard-linter
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { dashboardFiles } from "../../components/grafana/dashboards/all.ts";
import { dashboardFacts } from "../../components/grafana/dashboards/facts.ts";
import { DASHBOARD_NAMES, dashboardFile } from "../../components/grafana/dashboards/names.ts";
import { load, stackFile } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { file, run } from "./runProgram.ts";

const BY_CLUSTER =
  "the platform's series are chosen by cluster, namespace, component and node, which the PodMonitors set; a job is the PodMonitor's own name, and an instance a pod's address";
const OF_PROMETHEUS =
  "the linter takes every query of a dashboard with a Loki data source for LogQL; this panel asks Prometheus";

const USAGE = "Log platform / Who logs what";
const PROMETHEUS_PANELS = [
  "Lines lost because Loki refused them",
  "Lines that are late because of a limit",
  "Lines that Alloy dropped",
].map((panel) => ({ dashboard: USAGE, panel }));

/** Rules that the dashboards do not follow, with the reason. */
const EXCLUSIONS = {
  "template-job-rule": { reason: BY_CLUSTER },
  "template-instance-rule": { reason: BY_CLUSTER },
  "target-job-rule": { reason: BY_CLUSTER },
  "target-instance-rule": { reason: BY_CLUSTER },
  "target-logql-rule": { reason: OF_PROMETHEUS, entries: PROMETHEUS_PANELS },
  "target-logql-auto-rule": { reason: OF_PROMETHEUS, entries: PROMETHEUS_PANELS },
};

const lint = (name: string, text: string) =>
  run("dashboard-linter", [
    ...["lint", "--strict", "--config", file("lint.yaml", stringify({ exclusions: EXCLUSIONS }))],
    file(name, text),
  ]);

describe("Grafana's dashboard-linter", { skip: programMissing("dashboard-linter") }, () => {
  for (const name of DASHBOARD_NAMES)
    it(`accepts the dashboard ${name}`, async () => {
      const { resolved } = await load(stackFile());
      const { status, output } = lint(dashboardFile(name), dashboardFiles(dashboardFacts(resolved))[name]);
      assert.equal(status, 0, output);
    });

  it("refuses a query that is not PromQL", async () => {
    const { resolved } = await load(stackFile());
    const text = dashboardFiles(dashboardFacts(resolved)).alloy.replace("sum by (node) (", "sum by (node ((");
    const { status, output } = lint("broken.json", text);
    assert.notEqual(status, 0);
    assert.match(output, /invalid PromQL query/);
  });
});

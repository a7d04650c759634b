// Monitors and alerts on the real engine and API server: without their kinds, and with them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckResult } from "../../../automation/doctor/check.ts";
import { createCustomKind, POD_MONITOR, PROMETHEUS_RULE } from "../../harness/kubernetes/customKinds.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { runCommand } from "../projectCommand.ts";
import { type Deployed, WAYS } from "../waysToDeploy.ts";

const NAME = "prod-aks-b";
const MONITORS = "/apis/monitoring.coreos.com/v1/namespaces/logging";
const KINDS = ["PodMonitor of monitoring.coreos.com/v1", "PrometheusRule of monitoring.coreos.com/v1"];

/** Runs something while the stack has monitors and alerts. */
const monitored = (run: () => Promise<void>): Promise<void> =>
  withConfig(
    NAME,
    (config) => {
      config["logging:monitoring"] = { kind: "prometheusOperator", labels: { release: "kube-prometheus-stack" } };
    },
    run,
  );

const up = async (way: keyof typeof WAYS): Promise<Deployed> => {
  const { engine } = await deployedStacks();
  const deployed = await WAYS[way]?.(engine, NAME);
  assert.ok(deployed);
  return deployed;
};

async function doctor(): Promise<CheckResult | undefined> {
  const { engine } = await deployedStacks();
  const { stdout } = await runCommand(engine, "doctor", [NAME, "--json"]);
  const examined = JSON.parse(stdout) as ReadonlyArray<{ readonly name: string; readonly result: CheckResult }>;
  return examined.find(({ name }) => name === "monitoring")?.result;
}

describe("a stack with monitoring", () => {
  it("on a cluster without Prometheus Operator: the doctor and a deploy that fails name the kinds", () =>
    monitored(async () => {
      const result = await doctor();
      assert.ok(result?.state === "bad", JSON.stringify(result));
      assert.deepEqual(
        result.findings.map(({ subject }) => subject),
        KINDS,
      );
      for (const way of Object.keys(WAYS)) {
        const { succeeded, findings, errors } = await up(way);
        assert.equal(succeeded, false);
        const named = findings.filter(({ subject }) => KINDS.includes(subject));
        assert.deepEqual(
          [...new Set(named.map(({ subject }) => subject))].sort(),
          KINDS,
          JSON.stringify([way, findings, errors]),
        );
        for (const { fix } of named) assert.match(fix, /install Prometheus Operator/);
      }
    }));

  it("creates the monitors and alerts as resources, and removes them again", async () => {
    const { deployments } = await deployedStacks();
    const { api } = deployments[NAME].cluster;
    await createCustomKind(api, POD_MONITOR);
    await createCustomKind(api, PROMETHEUS_RULE);
    await monitored(async () => {
      assert.equal((await doctor())?.state, "ok");
      const { succeeded, changes, errors } = await up("npm run deploy");
      assert.ok(succeeded, errors.join("\n"));
      for (const name of ["logging-monitor-loki", "logging-monitor-alloy", "logging-alerts"])
        assert.ok(changes.includes(`create ${name}`), changes.join(", "));
      const rules = await api.get(`${MONITORS}/prometheusrules/logging-alerts`);
      assert.equal(rules?.metadata.labels?.release, "kube-prometheus-stack");
      assert.deepEqual((await up("npm run deploy")).changes, []);
    });
    const { changes } = await up("npm run deploy");
    assert.ok(changes.includes("delete logging-alerts"), changes.join(", "));
    assert.equal(await api.get(`${MONITORS}/prometheusrules/logging-alerts`), undefined);
  });
});

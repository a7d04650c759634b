// The container that sends the journal of each node.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OfflinePlan } from "../../../../automation/plan/offlinePlan.ts";
import { unitsPattern } from "../../../../components/alloy/journal/container.ts";
import { agentRequests } from "../../../../components/alloy/requests.ts";
import { textFile } from "../../../../components/textFile.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, planOf, problemAt, refusal, resource, stackFile, valuesOf } from "../../../harness/plannedStack.ts";
import { expandVariables } from "../../../harness/pods/variableExpansion.ts";

const withUnits =
  (...units: string[]) =>
  (config: Loose): void => {
    config.alloy = { ...config.alloy, journal: { units } };
  };
const containersOf = (values: Loose): Loose[] => values.controller.extraContainers;
const names = (values: Loose): string[] => containersOf(values).map(({ name }) => name);

it("without units there is no such container", async () => {
  assert.deepEqual(names(valuesOf(await planOf("prod-aks-a"), "alloy")), ["old-buffer"]);
});

describe("with units", () => {
  it("the container reads /var/log only, and has both probes, the login and no capability", async () => {
    const values = valuesOf(await plan(stackFile(withUnits("kubelet.service", "kernel"))), "alloy");
    assert.deepEqual(names(values), ["journal", "old-buffer"]);
    const [journal] = containersOf(values);
    assert.deepEqual(journal?.volumeMounts, [
      { name: "varlog", mountPath: "/var/log", readOnly: true },
      { name: "storage", mountPath: "/var/lib/alloy" },
    ]);
    assert.ok(journal?.readinessProbe && journal.livenessProbe);
    assert.deepEqual(journal?.securityContext.capabilities, { drop: ["ALL"] });
    assert.deepEqual(journal?.envFrom, [{ secretRef: { name: "logging-alloy-login-[auto]" } }]);
    assert.match(journal?.image, /\/grafana\/alloy:v\d/);
  });

  it("every variable that the pipeline reads is set", async () => {
    const [journal] = containersOf(valuesOf(await plan(stackFile(withUnits("kernel"))), "alloy"));
    const variables = Object.fromEntries(journal?.env.map(({ name, value }: Loose) => [name, value]));
    const set = new Set([...Object.keys(variables), "LOKI_USERNAME", "LOKI_PASSWORD"]);
    for (const [, name] of variables.LOGGING_JOURNAL_PIPELINE.matchAll(/sys\.env\("(\w+)"\)/g))
      assert.ok(set.has(name), name);
  });

  it("Prometheus scrapes the container by a port of its name", async () => {
    const monitoring = (units: string[]) =>
      plan(
        stackFile((c) => {
          c.monitoring = { kind: "prometheusOperator" };
          withUnits(...units)(c);
        }),
      );
    const on = await monitoring(["kernel"]);
    const ports = (planned: OfflinePlan): Loose[] =>
      (resource(planned, "logging-monitor-alloy").inputs as Loose).spec.podMetricsEndpoints.map(
        ({ port }: Loose) => port,
      );
    const [journal] = containersOf(valuesOf(on, "alloy"));
    assert.deepEqual(ports(on), ["metrics", journal?.ports[0].name]);
    assert.equal(journal?.ports[0].containerPort, journal?.readinessProbe.httpGet.port);
    assert.deepEqual(ports(await monitoring([])), ["metrics"]);
  });

  it("rules of alloy.mask for every namespace are in its pipeline, and Kubernetes leaves their dollars alone", async () => {
    const pipelineWith = async (mask: Loose[]): Promise<string> => {
      const file = stackFile((c) => {
        withUnits("kernel")(c);
        c.alloy.mask = mask;
      });
      const [journal] = containersOf(valuesOf(await plan(file), "alloy"));
      const variable = journal?.env.find(({ name }: Loose) => name === "LOGGING_JOURNAL_PIPELINE");
      return expandVariables(variable?.value, { A: "expanded" });
    };
    const own = textFile(new URL("../../../../components/alloy/journal/journal.alloy", import.meta.url));
    assert.equal(await pipelineWith([]), own);
    assert.equal(await pipelineWith([{ kind: "token", namespaces: ["shop"] }]), own);
    const masked = await pipelineWith([
      { kind: "card", namespaces: ["shop"] },
      { pattern: "x$$|$(A)", name: "end" },
    ]);
    assert.match(masked, /replace_pattern\(log\.body, \\"x\$\$\|\$\(A\)\\", \\"\[masked:end\]\\"\)/);
    assert.doesNotMatch(masked, /Luhn|expanded/);
  });

  it("the capacity check counts the container, as AKS admits it", () => {
    const resources = { requests: { cpu: "100m", memory: "256Mi" } };
    const requests = (journal: boolean) => agentRequests(resources, undefined, journal);
    assert.equal(requests(true).cpu - requests(false).cpu, 50);
    assert.equal(requests(true).memory - requests(false).memory, 128);
  });

  it("a unit is matched as a whole, and a dot is a dot", () => {
    const pattern = new RegExp(`^(?:${unitsPattern(["kubelet.service", "kernel"])})$`);
    for (const unit of ["kubelet.service", "kernel"]) assert.match(unit, pattern);
    for (const unit of ["kubeletXservice", "my-kubelet.service", "kernels", ""]) assert.doesNotMatch(unit, pattern);
  });
});

it("anything but the kernel and services is refused, with how to find the names", async () => {
  for (const unit of ["kubelet", "ssh.socket", "a b.service", "*.service"]) {
    const { text, fix } = problemAt(await refusal(stackFile(withUnits("kernel", unit))), "alloy.journal.units[1]");
    assert.match(text, /systemd service/);
    assert.match(fix ?? "", /systemctl list-units/);
  }
});

// Alloy's pods, and the pipeline in them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { ALLOY_PIPELINE } from "../../../components/alloy/pipeline.ts";
import { object } from "../renderedCharts.ts";
import { describeManifests } from "./describeManifests.ts";

describeManifests(({ rendered, pod }) => {
  it("run Alloy on every Linux node that is neither virtual nor AKS's own, before applications, a fifth at a time", () => {
    const daemonSet = object(rendered().alloy, "DaemonSet", "alloy");
    const { spec } = daemonSet.spec.template;
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
    assert.deepEqual(
      spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions,
      [
        { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
        { key: "type", operator: "NotIn", values: ["virtual-kubelet"] },
        { key: "kubernetes.azure.com/hostedvm", operator: "NotIn", values: ["true"] },
      ],
    );
    assert.equal(spec.priorityClassName, "system-node-critical");
    assert.equal(spec.terminationGracePeriodSeconds, 2);
    assert.deepEqual(daemonSet.spec.updateStrategy, {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: "20%" },
    });
    assert.deepEqual(
      spec.containers.map((c: { name: string }) => c.name),
      ["alloy", "old-buffer"],
      "no reloader",
    );
  });

  it("let Alloy read the node's logs and keep its offsets and queues on the node, as root without a capability", () => {
    const { spec } = pod("alloy");
    const paths = spec.volumes
      .filter((v: { hostPath?: object }) => v.hostPath)
      .map((v: { hostPath: { path: string } }) => v.hostPath.path);
    assert.deepEqual(paths.sort(), ["/var/lib/alloy", "/var/log"]);
    const [container] = spec.containers;
    const mounts = Object.fromEntries(
      container.volumeMounts.map((m: { mountPath: string; readOnly?: boolean }) => [m.mountPath, m.readOnly ?? false]),
    );
    assert.equal(mounts["/var/log"], true);
    assert.equal(mounts["/var/lib/alloy"], false);
    assert.deepEqual(container.securityContext, {
      runAsUser: 0,
      runAsGroup: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(container.envFrom, [{ secretRef: { name: "logging-alloy-login-[auto]" } }]);
  });

  it("tell Alloy the name of its node, which is a label of every line", () => {
    const [container] = pod("alloy").spec.containers;
    const variable = container.env.find(({ name }: { name: string }) => name === "HOSTNAME");
    assert.deepEqual(variable.valueFrom, { fieldRef: { fieldPath: "spec.nodeName" } });
  });

  it("contain the pipeline of the repository, unchanged", async () => {
    const { data } = object(rendered().alloy, "ConfigMap", "alloy");
    assert.equal(data["config.yaml"].trimEnd(), readFileSync(ALLOY_PIPELINE, "utf8").trimEnd());
  });
});

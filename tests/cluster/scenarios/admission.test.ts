// A cluster that refuses our pods, or changes them, as AKS Automatic does: reported before a deploy, and explained after one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ChangeReport } from "../../../automation/changes/changeReport.ts";
import type { KubernetesApi, KubernetesError } from "../../harness/kubernetes/kubernetesApi.ts";
import { until } from "../../harness/processes.ts";
import type { StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { examine, findingsOf } from "../examination.ts";
import { deploy, kubectlMissing, runCommand, runFix } from "../projectCommand.ts";

const NAME = "prod-aks-b";
const CLUSTER_ID = /\/subscriptions\/\S+\/managedClusters\/prod-aks-b/.source;
const EXCLUDE = new RegExp(`az aks safeguards update --cluster ${CLUSTER_ID} --level Enforce --excluded-ns logging`);

const api = async (): Promise<KubernetesApi> => (await deployedStacks()).deployments[NAME].cluster.api;

const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

/** A policy of AKS Automatic. It refuses hostPath volumes in some kind of object, everywhere but in the excluded namespaces. */
async function createPolicy(name: string, resource: "pods" | "daemonsets"): Promise<void> {
  const volumes = resource === "pods" ? "object.spec.volumes" : "object.spec.template.spec.volumes";
  const cluster = await api();
  await cluster.create(POLICIES, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [resource === "pods" ? "" : "apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: [resource],
          },
        ],
      },
      validations: [
        {
          expression: `!has(${volumes}) || !${volumes}.exists(volume, has(volume.hostPath))`,
          message: "HostPath volumes are forbidden under restricted security policy",
        },
      ],
    },
  });
  await cluster.create(BINDINGS, bindingOf(name, []));
  await untilRefused(name, true);
}

const bindingOf = (policyName: string, excluded: readonly string[]) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: `${policyName}-binding` },
  spec: {
    policyName,
    validationActions: ["Deny"],
    matchResources: {
      namespaceSelector: {
        matchExpressions: [
          { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", ...excluded] },
        ],
      },
    },
  },
});

/** Waits until a policy applies, or no longer applies, to the namespace. The API server reads policies with a delay. */
async function untilRefused(policy: string, refused: boolean): Promise<void> {
  const cluster = await api();
  const spec = {
    containers: [{ name: "c", image: "x:1" }],
    volumes: [{ name: "v", hostPath: { path: "/var/log" } }],
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "asked" }, spec };
  const labels = { app: "asked" };
  const daemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "asked" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  await until(`${policy} ${refused ? "applies" : "is gone"}`, async () => {
    const asked = [
      cluster.call("POST", "/api/v1/namespaces/logging/pods?dryRun=All", pod),
      cluster.call("POST", "/apis/apps/v1/namespaces/logging/daemonsets?dryRun=All", daemonSet),
    ];
    const answers = await Promise.all(asked.map((ask) => ask.then(String, (error: KubernetesError) => error.message)));
    return answers.some((answer) => answer.includes(policy)) === refused;
  });
}

async function removePolicy(name: string): Promise<void> {
  const cluster = await api();
  await cluster.call("DELETE", `${BINDINGS}/${name}-binding`);
  await cluster.call("DELETE", `${POLICIES}/${name}`);
  await untilRefused(name, false);
}

/** A change that replaces Alloy's pods, with a release that gives up soon. */
const newPods = (config: StackConfig): void => {
  config["logging:alloy"] = { ...config["logging:alloy"], exclude: ["kube-system"], timeoutSeconds: 90 };
};

describe("a policy that refuses hostPath volumes, as on AKS Automatic", {
  skip: kubectlMissing,
  timeout: 1_800_000,
}, () => {
  it("in pods: is found by the doctor and the change report, and explained when a deploy fails; excluded, the deploy succeeds", async () => {
    const { engine } = await deployedStacks();
    const policy = "aks-managed-baseline-hostpath-volumes";
    await createPolicy(policy, "pods");
    try {
      const [found, ...others] = findingsOf(await examine(NAME), "admission");
      assert.deepEqual(others, [], "Loki's pods have no such volume");
      assert.equal(found?.subject, "DaemonSet alloy");
      assert.match(
        found?.text ?? "",
        /^the cluster will refuse its pods: .*'aks-managed-baseline-hostpath-volumes'.*HostPath/,
      );
      assert.match(found?.fix ?? "", EXCLUDE);

      await withConfig(NAME, newPods, async () => {
        const file = join(engine.project, "report.json");
        const preview = await runCommand(engine, "preview", [NAME, "--json", file]);
        assert.equal(preview.code, 0, preview.stderr);
        const { verdict, meanings } = JSON.parse(readFileSync(file, "utf8")) as ChangeReport;
        assert.equal(verdict, "disruptive");
        const refused = meanings.filter(({ text }) => /will refuse its pods/.test(text));
        assert.deepEqual(
          refused.map(({ subject, level }) => `${level} ${subject}`),
          ["disruptive DaemonSet alloy"],
        );

        const failed = await deploy(engine, ["up", "--stack", NAME]);
        assert.equal(failed.outcome, "failed");
        const explained = failed.findings.filter(({ subject }) => subject === "DaemonSet alloy of release alloy");
        assert.equal(explained.length, 1, JSON.stringify(failed.findings));
        assert.match(explained[0]?.text ?? "", /pods? (is|are) not created: .*ValidatingAdmissionPolicy 'aks-managed-/);
        assert.match(explained[0]?.fix ?? "", EXCLUDE);

        // What the command does on AKS.
        const cluster = await api();
        const path = `${BINDINGS}/${policy}-binding`;
        const { metadata } = (await cluster.get(path)) ?? { metadata: {} };
        await cluster.call("PUT", path, { ...bindingOf(policy, ["logging"]), metadata });
        await untilRefused(policy, false);
        const restart = /kubectl -n logging rollout restart \S+(?=,)/.exec(explained[0]?.fix ?? "")?.[0];
        assert.equal(restart, "kubectl -n logging rollout restart daemonset/alloy");
        const { adminKubeconfig } = (await deployedStacks()).deployments[NAME].cluster;
        const restarted = await runFix(engine, restart, { KUBECONFIG: adminKubeconfig });
        assert.equal(restarted.code, 0, restarted.stderr);
        const again = await deploy(engine, ["up", "--stack", NAME]);
        assert.equal(again.outcome, "succeeded", JSON.stringify([again.findings, again.errors]));
      });
    } finally {
      await removePolicy(policy);
    }
  });

  it("in workloads: the engine's error is explained with the object, and the config of before is deployed once the policy is gone", async () => {
    const { engine } = await deployedStacks();
    await createPolicy("team-no-host-paths", "daemonsets");
    try {
      const [found, ...others] = findingsOf(await examine(NAME), "admission");
      assert.deepEqual(others, []);
      assert.equal(found?.subject, "DaemonSet alloy");
      assert.match(found?.fix ?? "", /edit validatingadmissionpolicybinding team-no-host-paths-binding$/);
      const failed = await deploy(engine, ["up", "--stack", NAME]);
      assert.equal(failed.outcome, "failed");
      const explained = failed.findings.find(({ text }) => /'team-no-host-paths'/.test(text));
      assert.equal(explained?.subject, "daemonsets alloy", JSON.stringify(failed));
      assert.match(explained?.fix ?? "", /exempt the namespace logging in spec\.matchResources/);
    } finally {
      await removePolicy("team-no-host-paths");
    }
    const restored = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(restored.outcome, "succeeded", JSON.stringify([restored.findings, restored.errors]));
  });
});

it("limits that the namespace adds to pods are found by the doctor: they would throttle Alloy", async () => {
  const cluster = await api();
  const path = "/api/v1/namespaces/logging/limitranges";
  await cluster.create(path, {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "defaults" },
    spec: { limits: [{ type: "Container", default: { cpu: "500m" } }] },
  });
  try {
    await until("the limit range applies", async () => {
      const [found] = findingsOf(await examine(NAME), "admission");
      return found?.subject === "requests" && /DaemonSet alloy, alloy: limits\.cpu none → 500m/.test(found.text);
    });
  } finally {
    await cluster.call("DELETE", `${path}/defaults`);
  }
});

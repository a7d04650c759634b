// Refusals in the words of API servers, from public reports.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { admissionFix, answerFindings, refusalIn, refusedObjects } from "../../../../automation/explain/admission.ts";
import { resolveArgs } from "../../../../components/args.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";

const PLACE = { namespace: "logging", clusterId: "/subscriptions/1/managedClusters/a" };
const EXCLUDE =
  /az aks safeguards update --cluster \/subscriptions\/1\/managedClusters\/a --level Enforce --excluded-ns logging/;

/** Messages, who refuses, and how to have the pods admitted. */
const REFUSALS: ReadonlyArray<readonly [source: string, message: string, by: object, fix: RegExp]> = [
  [
    "https://github.com/Azure/AKS/issues/5442",
    [
      "ValidatingAdmissionPolicy 'aks-managed-baseline-hostpath-volumes' denied request: HostPath volumes detected: [varlogpods]. HostPath",
      "volumes are forbidden under restricted security policy unless containers mounting them are from allowed images.",
    ].join(" "),
    { by: "policy", name: "aks-managed-baseline-hostpath-volumes" },
    EXCLUDE,
  ],
  [
    "the API server itself",
    "pods \"alloy-\" is forbidden: ValidatingAdmissionPolicy 'no-host-paths' with binding 'everywhere' denied request: no hostPath",
    { by: "policy", name: "no-host-paths", binding: "everywhere" },
    /spec\.matchResources of the binding: kubectl edit validatingadmissionpolicybinding everywhere$/,
  ],
  [
    "https://github.com/tailscale/tailscale/issues/17552",
    [
      'admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2containerenforceprob-c3c99aabb9b4fc64f977]',
      "[Implied by gatekeeper-expand-workloads] Container <operator> in your Pod <operator-pod> has no <livenessProbe>. Required probes:",
      '["readinessProbe", "livenessProbe"]',
    ].join(" "),
    {
      by: "webhook",
      name: "validation.gatekeeper.sh",
      constraint: "azurepolicy-k8sazurev2containerenforceprob-c3c99aabb9b4fc64f977",
    },
    EXCLUDE,
  ],
  [
    "https://github.com/temporalio/helm-charts/issues/759",
    [
      'admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev3containerlimits-86fcb3184468fd1b3e7e]',
      "[Implied by gatekeeper-expand-workloads] container <check> has no resource limits",
    ].join(" "),
    {
      by: "webhook",
      name: "validation.gatekeeper.sh",
      constraint: "azurepolicy-k8sazurev3containerlimits-86fcb3184468fd1b3e7e",
    },
    EXCLUDE,
  ],
  [
    "https://github.com/Azure/azure-policy/issues/1161",
    [
      'Error creating: admission webhook "validation.gatekeeper.sh" denied the request:',
      '[azurepolicy-k8sazurev3hostfilesystem-adbc8c998a99e902b9a8] HostPath volume {"hostPath": {"path": "/var/lib/docker/containers",',
      '"type": ""}, "name": "varlibdockercontainers"} is not allowed, pod: fluxconfig-agent. Allowed path: []',
    ].join(" "),
    {
      by: "webhook",
      name: "validation.gatekeeper.sh",
      constraint: "azurepolicy-k8sazurev3hostfilesystem-adbc8c998a99e902b9a8",
    },
    /assignment that you made, add logging to its excludedNamespaces \(az policy assignment list\)$/,
  ],
  [
    "https://github.com/GoogleCloudPlatform/PerfKitBenchmarker/pull/6089",
    [
      'Error from server (Forbidden): admission webhook "validation.gatekeeper.sh" denied the request:',
      "[azurepolicy-k8sazurev1antiaffinityrules-3dbdca1776c2f1f6a18a] Deployment with 5 replicas should have podAntiAffinity",
      "\n[azurepolicy-k8sazurev2containerenforceprob-9c81f9baeae421a77e19] Container <x> has no <livenessProbe>",
    ].join(" "),
    {
      by: "webhook",
      name: "validation.gatekeeper.sh",
      constraint: "azurepolicy-k8sazurev1antiaffinityrules-3dbdca1776c2f1f6a18a",
    },
    EXCLUDE,
  ],
  [
    "a constraint of one's own",
    'admission webhook "validation.gatekeeper.sh" denied the request: [psp-host-filesystem] HostPath volume is not allowed',
    { by: "webhook", name: "validation.gatekeeper.sh", constraint: "psp-host-filesystem" },
    /^exempt the namespace logging from the policy of validation\.gatekeeper\.sh$/,
  ],
  [
    "Kyverno",
    [
      'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/logging/alloy was blocked due to the following',
      "policies\n\ndisallow-host-path:\n  host-path: validation error",
    ].join(" "),
    { by: "webhook", name: "validate.kyverno.svc-fail" },
    /^exempt the namespace logging from the policy of validate\.kyverno\.svc-fail$/,
  ],
  [
    "Pod Security Admission",
    'pods "alloy-x" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes (volume "varlog")',
    { by: "standard", level: "baseline" },
    /^kubectl label namespace logging pod-security\.kubernetes\.io\/enforce=privileged --overwrite/,
  ],
  [
    "https://learn.microsoft.com/azure/aks/automatic/aks-automatic-managed-system-node-pools-about",
    "ValidatingAdmissionPolicy 'aks-managed-hosted-nodes' with binding 'x' denied request: wildcard tolerations are not allowed",
    { by: "policy", name: "aks-managed-hosted-nodes", binding: "x" },
    /alloy\.values\.controller\.tolerations/,
  ],
];

describe("a refusal by a policy", () => {
  for (const [source, message, by, fix] of REFUSALS) {
    it(`names who refuses and the way out: ${source}`, () => {
      assert.deepEqual(refusalIn(message), by);
      assert.match(admissionFix(message, PLACE), fix);
    });
  }

  it("is found in the errors of a deploy, with the object", () => {
    const helm = [
      'Helm release "logging/alloy" failed: daemonsets.apps "alloy" is forbidden:',
      "ValidatingAdmissionPolicy 'aks-managed-baseline-hostpath-volumes' with binding 'b' denied request:",
      "HostPath volumes are forbidden\nand more",
    ].join(" ");
    const [found, ...others] = refusedObjects(helm, PLACE);
    assert.deepEqual(others, []);
    assert.equal(found?.subject, "daemonsets alloy");
    assert.match(found?.text ?? "", /refuses it: ValidatingAdmissionPolicy 'aks-managed-.* are forbidden$/);
    assert.match(found?.fix ?? "", EXCLUDE);
    const webhook = refusedObjects(`failed to create resource: ${REFUSALS[2]?.[1]}`, PLACE);
    assert.deepEqual(
      webhook.map(({ subject }) => subject),
      ["an object"],
    );
  });

  it("is not seen in other errors", () => {
    for (const message of [
      'pods "loki-write-2" is forbidden: exceeded quota: few, requested: pods=1',
      'secrets is forbidden: User "x" cannot list resource "secrets"',
      'pods "x" is forbidden: error looking up service account logging/alloy: serviceaccount "alloy" not found',
    ]) {
      assert.equal(refusalIn(message), undefined, message);
      assert.deepEqual(refusedObjects(message, PLACE), [], message);
    }
  });
});

describe("the answers to a dry run", () => {
  const findings = async (
    changed: readonly string[],
    safeguards = "none",
    namespace = "logging",
    refused = REFUSALS[0]?.[1] ?? "",
  ) => {
    const { args } = await load(
      stackFile((c) => {
        c.cluster.safeguards = safeguards;
      }),
    );
    const answers = [
      { workload: "DaemonSet alloy", refused, changed: [] },
      { workload: "Deployment loki-gateway", changed },
    ];
    return answerFindings({ namespace, answers }, resolveArgs(args));
  };

  it("name the workload whose pods will be refused, why, and where it was asked", async () => {
    const [found, ...others] = await findings([], "none", "default");
    assert.deepEqual(others, []);
    assert.equal(found?.subject, "DaemonSet alloy");
    assert.match(
      found?.text ?? "",
      /^the cluster will refuse its pods \(asked in default, because logging does not exist yet; an exemption .*\): Validating/,
    );
    assert.match(found?.fix ?? "", /--cluster \/subscriptions\/.*prod-aks-a --level Enforce --excluded-ns logging/);
  });

  it("leave out a Pod Security Standard of another namespace: the stack's own has the label that exempts it", async () => {
    const standard = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes';
    assert.deepEqual(await findings([], "none", "default", standard), []);
    assert.equal((await findings([], "none", "logging", standard)).length, 1);
  });

  it("name raised requests, but not those that the config counts on", async () => {
    const raised = ["nginx: requests.cpu 50m → 100m", "nginx: requests.memory 64Mi → 100Mi"];
    const [, unknown] = await findings(raised);
    assert.match(unknown?.text ?? "", /Deployment loki-gateway, nginx: requests\.cpu 50m → 100m; .*64Mi → 100Mi$/);
    assert.match(unknown?.fix ?? "", /cluster\.safeguards Enforce/);
    assert.equal((await findings(raised, "Enforce")).length, 1);
    const [, limited] = await findings([...raised, "nginx: limits.cpu none → 100m"], "Enforce");
    assert.match(limited?.text ?? "", /: Deployment loki-gateway, nginx: limits\.cpu none → 100m$/);
  });
});

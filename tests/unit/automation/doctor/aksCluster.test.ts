// What Azure tells of a cluster, against the config.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AksCluster,
  type AksSafeguards,
  clusterFindings,
  describeCluster,
  enforcedIn,
  safeguardFindings,
} from "../../../../automation/doctor/aksCluster.ts";
import { type ResolvedArgs, resolveArgs } from "../../../../components/args.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";

const CLUSTER: AksCluster = {
  location: "westeurope",
  provisioningState: "Succeeded",
  currentKubernetesVersion: "1.34.2",
  networkProfile: { networkPolicy: "cilium", networkDataplane: "cilium" },
};
const argsOf = async (change: (c: Loose) => void = () => {}): Promise<ResolvedArgs> =>
  resolveArgs((await load(stackFile(change))).args);
const found = async (cluster: Partial<AksCluster>, change?: (c: Loose) => void): Promise<string[]> =>
  clusterFindings({ ...CLUSTER, ...cluster }, await argsOf(change)).map(
    ({ subject, text, fix }) => `${subject}: ${text} → ${fix}`,
  );
const only = (texts: readonly string[]): string => {
  assert.equal(texts.length, 1, texts.join("\n"));
  return texts[0] ?? "";
};

describe("a cluster", () => {
  it("like the config has no findings", async () => {
    assert.deepEqual(await found({}), []);
    assert.equal(describeCluster(CLUSTER), "Succeeded, network policy cilium");
  });

  it("that is being changed is a finding", async () => {
    assert.match(only(await found({ provisioningState: "Upgrading" })), /is Upgrading/);
  });

  it("with another policy engine, or none, is a finding with the command for both ways", async () => {
    const engine = (networkPolicy: string | null, networkDataplane: string | null = "azure") =>
      found({ networkProfile: { networkPolicy, networkDataplane } });
    assert.match(only(await engine(null)), /has none: NetworkPolicies are not enforced .*--network-dataplane cilium/);
    assert.match(only(await engine("none")), /has none/);
    assert.match(only(await engine("azure")), /has azure → pulumi config set --path network\.policyEngine azure, or/);
    assert.deepEqual(await engine(null, "cilium"), [], "the data plane enforces policies too");
  });

  it("with FQDN policies is a finding if the config could use them, and one without if it needs them", async () => {
    const networking = (advancedNetworkPolicies: string, enabled = true) => ({
      networkProfile: {
        ...CLUSTER.networkProfile,
        advancedNetworking: { enabled, security: { enabled: true, advancedNetworkPolicies } },
      },
    });
    const byName = (c: Loose) => {
      c.network.fqdnPolicies = true;
      delete c.objectStorage.cidrs;
    };
    const anyAddress = (c: Loose) => {
      delete c.objectStorage.cidrs;
    };
    for (const policies of ["FQDN", "L7"]) {
      assert.deepEqual(await found(networking(policies), byName), []);
      assert.deepEqual(await found(networking(policies)), [], "addresses are named");
      assert.match(only(await found(networking(policies), anyAddress)), /network\.fqdnPolicies true$/);
    }
    for (const without of [{}, networking("None"), networking("FQDN", false)])
      assert.match(only(await found(without, byName)), /would block Loki's way to MinIO → az aks update --enable-acns/);
    assert.equal(
      describeCluster({ ...CLUSTER, ...networking("L7") }),
      "Succeeded, network policy cilium with FQDN policies",
    );
  });

  it("with node auto-provisioning conflicts with a created pool that scales, and with no other", async () => {
    const auto = { nodeProvisioningProfile: { mode: "Auto" } };
    assert.match(
      only(await found(auto)),
      /nodePool\.mode: is create with 3 to 5 nodes, but .*refuses the cluster autoscaler → .*node-auto-provisioning\.md/,
    );
    assert.deepEqual(
      await found(auto, (c) => {
        c.nodePool.minCount = 5;
      }),
      [],
    );
    assert.deepEqual(await found({ nodeProvisioningProfile: { mode: "Manual" } }), []);
    const agentPoolProfiles = [{ name: "app", count: 3, enableAutoScaling: true }];
    assert.deepEqual(await found({ ...auto, agentPoolProfiles }), [], "a feature of the subscription allows both");
    assert.deepEqual(
      await found(auto, (c) => {
        c.nodePool = { mode: "existing", label: { key: "workload", value: "logging" } };
      }),
      [],
    );
  });

  it("of a Kubernetes version without the image family is a finding", async () => {
    const family = (osSku: string, currentKubernetesVersion: string) =>
      found({ currentKubernetesVersion }, (c) => {
        c.nodePool.osSku = osSku;
      });
    assert.match(only(await family("Ubuntu2204", "1.37.1")), /Ubuntu2204 needs Kubernetes 1\.25 to 1\.36, .* 1\.37\.1/);
    assert.match(only(await family("AzureLinux3", "1.37.0")), /AzureLinux3 needs/);
    assert.match(only(await family("AzureContainerLinux", "1.33.9")), /needs Kubernetes 1\.34 or later/);
    assert.match(only(await family("Ubuntu2404", "1.31.0")), /Ubuntu2404 needs Kubernetes 1\.32 to 1\.38/);
    for (const [osSku, version] of [
      ["Ubuntu", "1.40.0"],
      ["AzureLinux", "1.27.1"],
      ["Ubuntu2404", "1.38.2"],
      ["AzureContainerLinux", "1.34.0"],
      ["Ubuntu2204", ""],
    ] as const)
      assert.deepEqual(await family(osSku, version), [], `${osSku} ${version}`);
  });
});

describe("Deployment Safeguards", () => {
  const enforced = (safeguards: AksSafeguards | undefined, automatic = false) =>
    enforcedIn("logging", safeguards, automatic);

  it("count as AKS applies them to the namespace", () => {
    assert.equal(enforced(undefined), "none");
    assert.equal(enforced({ level: "Warn", podSecurityStandardsLevel: "Restricted" }), "none");
    assert.equal(enforced({ level: "Enforce" }), "Enforce");
    assert.equal(enforced({ level: "Enforce", podSecurityStandardsLevel: "Privileged" }), "Enforce");
    assert.equal(enforced({ level: "Enforce", podSecurityStandardsLevel: "Baseline" }), "Baseline");
    assert.equal(enforced({ level: "Enforce", podSecurityStandardsLevel: "Restricted" }), "Restricted");
    assert.equal(enforced({ level: "Enforce", excludedNamespaces: ["a", "logging"] }), "none");
    assert.equal(enforced({ level: "Enforce", excludedNamespaces: ["logging-2"] }), "Enforce");
  });

  it("of AKS Automatic have the Pod Security Standard Baseline, even if Azure does not tell", () => {
    assert.equal(enforced(undefined, true), "Baseline");
    assert.equal(enforced({ level: "Enforce", podSecurityStandardsLevel: null }, true), "Baseline");
    assert.equal(enforced({ excludedNamespaces: ["logging"] }, true), "none");
  });

  const findings = async (safeguards: AksSafeguards | undefined, automatic = false, change?: (c: Loose) => void) =>
    safeguardFindings("ID", await argsOf(change), safeguards, automatic).map(
      ({ subject, text, fix }) => `${subject}: ${text} → ${fix}`,
    );

  it("that refuse Alloy are reported with the command that excludes the namespace, and keeps those excluded already", async () => {
    assert.match(
      only(await findings({ level: "Enforce", excludedNamespaces: ["dapr", "flux"] }, true)),
      /Baseline, as on every AKS Automatic cluster: AKS will refuse Alloy's pods.*AKS\/issues\/5442\) → az aks safeguards update --cluster ID --level Enforce --excluded-ns dapr flux logging$/,
    );
    assert.match(
      only(await findings({ level: "Enforce", podSecurityStandardsLevel: "Restricted" })),
      /Standard Restricted: AKS will refuse .* --excluded-ns logging$/,
    );
    assert.deepEqual(await findings({ level: "Enforce", excludedNamespaces: ["logging"] }, true), []);
  });

  it("that only raise requests are reported if the config does not count on it, and the other way around", async () => {
    const counted = (c: Loose) => {
      c.cluster.safeguards = "Enforce";
    };
    assert.match(
      only(await findings({ level: "Enforce" })),
      /raises requests below 100m and 100 MiB, .* → pulumi config set --path cluster\.safeguards Enforce, or exclude/,
    );
    assert.deepEqual(await findings({ level: "Enforce" }, false, counted), []);
    assert.match(only(await findings({ level: "Warn" }, false, counted)), /cluster\.safeguards none$/);
    assert.deepEqual(await findings(undefined), []);
  });
});

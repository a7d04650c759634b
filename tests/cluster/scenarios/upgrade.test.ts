// From the chart versions before the pinned ones to these, on a stack that was brought up with them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ChangeReport } from "../../../automation/changes/changeReport.ts";
import { figure, timed } from "../../harness/figures.ts";
import type { ControlPlane } from "../../harness/kubernetes/controlPlane.ts";
import { listObjects } from "../../harness/minio.ts";
import { onPath } from "../../harness/programs.ts";
import { findPrograms } from "../../harness/pulumi/findPrograms.ts";
import { missingPreviousCharts, PREVIOUS_CHARTS, pinPreviousCharts } from "../../harness/pulumi/previousCharts.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { isReady, podsByWorkload } from "../placement.ts";
import { deploy, runCommand } from "../projectCommand.ts";

const NAME = "prod-aks-b";
const STORED = "fake/1/before-the-upgrade";

const found = findPrograms();
const missing = "programs" in found ? missingPreviousCharts(found.programs.charts) : [];
const skip =
  missing.length > 0
    ? `the charts to upgrade from are not in LOGGING_CHARTS: ${missing.join("; ")}`
    : !onPath("helm") && "helm, which the change report needs, is not on PATH: https://helm.sh/docs/intro/install/";

/** Everything that releases and the program create, except pods, which a roll-out replaces, and Helm's records. */
const COLLECTIONS = [
  ...["statefulsets", "deployments", "daemonsets"].map((kind) => `/apis/apps/v1/namespaces/logging/${kind}`),
  ...["persistentvolumeclaims", "services", "serviceaccounts", "configmaps", "secrets"].map(
    (kind) => `/api/v1/namespaces/logging/${kind}`,
  ),
  ...["roles", "rolebindings"].map((kind) => `/apis/rbac.authorization.k8s.io/v1/namespaces/logging/${kind}`),
  "/apis/policy/v1/namespaces/logging/poddisruptionbudgets",
  "/apis/networking.k8s.io/v1/namespaces/logging/networkpolicies",
];

describe("an upgrade of the charts", { skip }, () => {
  let before: Awaited<ReturnType<typeof look>>;
  let restarting: string[];

  it("begins with a stack on the versions before the pinned ones", async () => {
    const { engine, programs, deployments, minio } = await deployedStacks();
    const { bucket, cluster } = deployments[NAME];
    const away = await deploy(engine, ["destroy", "--stack", NAME, "--keep-bucket"]);
    assert.equal(away.outcome, "succeeded", JSON.stringify([away.findings, away.errors]));
    const pinAgain = pinPreviousCharts(engine, programs.charts);
    try {
      const first = await timed("  up with the previous charts", () => deploy(engine, ["up", "--stack", NAME]));
      assert.equal(first.outcome, "succeeded", JSON.stringify([first.findings, first.errors]));
    } finally {
      pinAgain();
    }
    before = await look(cluster);
    assert.deepEqual(before.charts, PREVIOUS_CHARTS.map(({ pinned, previous }) => `${pinned.name}-${previous}`).sort());
    await minio.client(minio.admin).putObject(bucket, STORED, "a line");
  });

  it("is announced: which chart goes to which, what that changes in our objects, and which pods restart", async () => {
    const { engine } = await deployedStacks();
    const file = join(engine.project, "upgrade.json");
    const { code, stderr } = await runCommand(engine, "preview", [NAME, "--json", file, "--fail-on", "disruptive"]);
    assert.equal(code, 0, stderr);
    const report = JSON.parse(readFileSync(file, "utf8")) as ChangeReport;
    assert.equal(report.verdict, "restarts");
    assert.deepEqual(report.resources.map(({ op, name }) => `${op} ${name}`).sort(), [
      "update logging-alloy",
      "update logging-loki",
    ]);
    for (const { pinned, previous } of PREVIOUS_CHARTS) {
      const release = report.releases.find(({ name }) => name === pinned.name);
      const [old, now] = [previous, pinned.version].map((version) => `./charts/${pinned.name} ${version}`);
      assert.deepEqual(release?.chart, { before: old, after: now });
      const others = release.objects.filter(({ op }) => op !== "changed");
      assert.deepEqual(others, [], "objects come or go");
    }
    restarting = report.meanings.filter(({ level }) => level === "restarts").map(({ subject }) => subject);
    assert.equal(restarting.length, report.meanings.length, JSON.stringify(report.meanings));
    figure("  said before the upgrade", `restarts ${restarting.join(", ")}`);
  });

  it("updates both releases and nothing else: objects and disks are the same, pods have their names", async () => {
    const { engine, deployments, minio } = await deployedStacks();
    const { bucket, cluster } = deployments[NAME];
    const upgrade = await timed("  up with the pinned charts", () => deploy(engine, ["up", "--stack", NAME]));
    assert.deepEqual([upgrade.code, upgrade.outcome], [0, "succeeded"], JSON.stringify(upgrade.findings));
    assert.deepEqual(upgrade.steps.map(({ op, name }) => `${op} ${name}`).sort(), [
      "update logging-alloy",
      "update logging-loki",
    ]);
    const after = await look(cluster);
    assert.deepEqual(after.charts, PREVIOUS_CHARTS.map(({ pinned }) => `${pinned.name}-${pinned.version}`).sort());
    assert.deepEqual(after.objects, before.objects, "objects were deleted or recreated");
    assert.deepEqual(after.disks, before.disks, "pods have other disks");
    assert.deepEqual(after.statefulPods, before.statefulPods);
    assert.deepEqual(after.notReady, []);
    const restarted = Object.keys(after.pods).filter((owner) => after.pods[owner] !== before.pods[owner]);
    assert.deepEqual(restarted.sort(), restarting.toSorted(), "other pods restarted than were named");
    assert.ok((await listObjects(minio.client(minio.admin), bucket)).includes(STORED));
  });

  it("leaves nothing to do", async () => {
    const { engine, deployments } = await deployedStacks();
    const { stack } = deployments[NAME];
    const again = await deploy(engine, ["up", "--stack", NAME]);
    assert.deepEqual([again.outcome, again.steps], ["succeeded", []]);
    await stack.refresh({ expectNoChanges: true, color: "never" });
    await stack.up({ expectNoChanges: true, color: "never" });
  });
});

/** The UIDs of all objects, which show whether one was recreated. */
async function look(cluster: ControlPlane) {
  const collections = await Promise.all(COLLECTIONS.map((path) => cluster.api.list(path)));
  const objects = collections.flatMap((list, i) =>
    list
      .filter(({ metadata }) => !metadata.name.startsWith("sh.helm.release."))
      .map(({ metadata }) => `${COLLECTIONS[i]?.split("/").pop()} ${metadata.name} ${metadata.uid}`),
  );
  const workloads = collections.slice(0, 3).flat();
  const pods = [...(await podsByWorkload(cluster)).values()].flat();
  // A Deployment's pods belong to its ReplicaSet, which has its name and a hash.
  const ownerOf = ({ metadata }: (typeof pods)[number]): string => {
    const { kind, name } = metadata.ownerReferences?.[0] ?? { kind: "no owner", name: "" };
    return kind === "ReplicaSet" ? `Deployment ${name.replace(/-[^-]+$/, "")}` : `${kind} ${name}`;
  };
  return {
    objects: objects.sort(),
    charts: [...new Set(workloads.map(({ metadata }) => metadata.labels?.["helm.sh/chart"]))].sort(),
    disks: (collections[3] ?? []).map(({ metadata, spec }) => `${metadata.name}: ${spec.volumeName}`).sort(),
    statefulPods: pods
      .filter((pod) => ownerOf(pod).startsWith("StatefulSet"))
      .map(({ metadata }) => metadata.name)
      .sort(),
    notReady: pods.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name),
    /** Births of the pods of each workload. */
    pods: Object.fromEntries(
      [...Map.groupBy(pods, ownerOf)].map(([owner, list]) => [
        owner,
        list
          .map(({ metadata }) => metadata.uid)
          .sort()
          .join(),
      ]),
    ) as Record<string, string>,
  };
}

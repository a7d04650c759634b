import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourceChanges } from "../../../../automation/changes/resourceChanges.ts";
import { resourceMeanings } from "../../../../automation/changes/resourceMeanings.ts";
import type { PlannedResource } from "../../../../automation/plan/offlinePlan.ts";

const planned = (type: string, name: string, inputs: Record<string, unknown>, more: Partial<PlannedResource> = {}) =>
  ({ type, name, inputs, protect: false, dependsOn: [], ignoreChanges: [], ...more }) satisfies PlannedResource;
const SECRET_TYPE = "kubernetes:core/v1:Secret";

describe("resources that differ", () => {
  it("are deleted, replaced, updated or created, in this order and with the reason", () => {
    const before = [
      planned("minio:index/s3Bucket:S3Bucket", "bucket", { bucket: "a", acl: "private" }, { protect: true }),
      planned("kubernetes:core/v1:ConfigMap", "gone", {}),
      planned("kubernetes:core/v1:ConfigMap", "kept", { data: { a: "1" } }),
      planned(SECRET_TYPE, "keys", { immutable: true, stringData: "[secret 000001]" }),
      planned("azure-native:containerservice:AgentPool", "pool", { count: 3, tags: {} }, { ignoreChanges: ["count"] }),
    ];
    const after = [
      planned("minio:index/s3Bucket:S3Bucket", "bucket", { bucket: "b", acl: "private" }, { protect: true }),
      planned("kubernetes:core/v1:ConfigMap", "kept", { data: { a: "2" } }),
      planned("kubernetes:core/v1:ConfigMap", "new", {}),
      planned(SECRET_TYPE, "keys", { immutable: true, stringData: "[secret 000002]" }),
      planned("azure-native:containerservice:AgentPool", "pool", { count: 4, tags: {} }, { ignoreChanges: ["count"] }),
    ];
    assert.deepEqual(
      resourceChanges(before, after).map(({ op, name, reason }) => [op, name, reason]),
      [
        ["delete", "gone", "no longer in the program"],
        ["replace", "bucket", "bucket cannot be changed in place"],
        ["replace", "keys", "stringData cannot be changed in place"],
        ["update", "kept", undefined],
        ["create", "new", undefined],
      ],
    );
    assert.deepEqual(resourceChanges(before, before), []);
  });

  it("include one that is no longer protected", () => {
    const bucket = (protect: boolean) => [planned("minio:index/s3Bucket:S3Bucket", "bucket", {}, { protect })];
    const changes = resourceChanges(bucket(true), bucket(false));
    assert.deepEqual(
      resourceMeanings(changes).map(({ level, text }) => [level, text]),
      [["disruptive", "no longer protected: a later change may delete it"]],
    );
  });

  /** What the change of one resource means. */
  const meanings = (before: PlannedResource | undefined, after: PlannedResource | undefined) =>
    resourceMeanings(resourceChanges(before ? [before] : [], after ? [after] : []));

  it("are destructive if data is deleted with them", () => {
    const namespace = (name: string) => planned("kubernetes:core/v1:Namespace", "ns", { metadata: { name } });
    const release = (namespace: string) =>
      planned("kubernetes:helm.sh/v3:Release", "loki", { name: "loki", namespace });
    const provider = (id: string) => planned("pulumi:providers:kubernetes", "kubernetes", { clusterIdentifier: id });
    for (const [before, after] of [
      [namespace("a"), undefined],
      [namespace("a"), namespace("b")],
      [release("a"), release("b")],
      [provider("a"), provider("b")],
      [planned("minio:index/s3Bucket:S3Bucket", "bucket", {}), undefined],
    ] as const)
      assert.equal(meanings(before, after)[0]?.level, "destructive", JSON.stringify(before));
  });

  it("are disruptive if rights, nodes or a release are removed", () => {
    for (const [before, after] of [
      [
        planned("minio:index/iamPolicy:IamPolicy", "p", { policy: "a" }),
        planned("minio:index/iamPolicy:IamPolicy", "p", { policy: "b" }),
      ],
      [planned("kubernetes:helm.sh/v3:Release", "alloy", { name: "alloy" }), undefined],
      [planned("azure-native:containerservice:AgentPool", "pool", {}), undefined],
      [planned("kubernetes:networking.k8s.io/v1:NetworkPolicy", "np", {}), undefined],
      [planned("kubernetes:cilium.io/v2:CiliumNetworkPolicy", "np", {}), undefined],
    ] as const)
      assert.deepEqual(
        meanings(before, after).map(({ level }) => level),
        ["disruptive"],
        JSON.stringify(before),
      );
  });

  it("are safe if nothing is lost", () => {
    const policy = (a: number) => planned("kubernetes:networking.k8s.io/v1:NetworkPolicy", "np", { spec: { a } });
    assert.deepEqual(
      meanings(policy(1), policy(2)).map(({ level }) => level),
      ["safe"],
    );
    assert.deepEqual(meanings(undefined, policy(1)), []);
  });

  it("are safe if they are dashboards", () => {
    const dashboard = (text: string) =>
      planned("kubernetes:core/v1:ConfigMap", "logging-dashboard-health", { data: { "health.json": text } });
    assert.deepEqual(
      [
        [dashboard("1"), dashboard("2")],
        [undefined, dashboard("1")],
        [dashboard("1"), undefined],
      ].map(([before, after]) => meanings(before, after).map(({ level, text }) => `${level}: ${text}`)),
      [
        ["safe: Grafana shows it soon, and no pod restarts"],
        ["safe: Grafana shows it soon, and no pod restarts"],
        ["safe: the dashboard leaves Grafana"],
      ],
    );
  });
});

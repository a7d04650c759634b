// Access: Kubernetes rights, secrets, the gateway's password, networks.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Loose } from "../../harness/manifest.ts";
import { planOf } from "../../harness/plannedStack.ts";
import { restrictedViolations } from "../podSecurity.ts";
import { containersOf, object, ofKind, podsOf } from "../renderedCharts.ts";
import { describeManifests, LOKI, WORKLOADS } from "./describeManifests.ts";

describeManifests(({ stack, rendered, pod }) => {
  it("need no rights and mount no token", () => {
    const all = [...rendered().loki, ...rendered().alloy];
    for (const kind of ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "CustomResourceDefinition"])
      assert.deepEqual(
        ofKind(all, kind).map((r) => `${r.metadata.name}: ${JSON.stringify(r.rules)}`),
        [],
        kind,
      );
    for (const account of ofKind(all, "ServiceAccount"))
      assert.equal(account.automountServiceAccountToken, false, account.metadata.name);
    for (const { name, spec } of podsOf(all)) {
      if (spec.automountServiceAccountToken === undefined)
        assert.equal(object(all, "ServiceAccount", spec.serviceAccountName).automountServiceAccountToken, false, name);
      else assert.equal(spec.automountServiceAccountToken, false, name);
    }
  });

  it("meet Pod Security restricted in all pods of Loki, which is why the namespace can warn of the rest", () => {
    for (const name of WORKLOADS) assert.deepEqual(restrictedViolations(pod(name).spec), [], name);
    assert.ok(restrictedViolations(pod("alloy").spec).length > 0, "Alloy does not, and so the check can tell");
  });

  it("hand MinIO's keys to Loki and to nothing else", () => {
    const holders = podsOf([...rendered().loki, ...rendered().alloy])
      .filter(({ spec }) => JSON.stringify(spec).includes("minio-credentials"))
      .map((p) => p.name);
    assert.deepEqual(holders.sort(), LOKI.toSorted());
    for (const name of LOKI)
      assert.deepEqual(containersOf(pod(name).spec)[0].envFrom, [
        { secretRef: { name: "logging-minio-credentials-[auto]" } },
      ]);
  });

  it("ask for a password at the gateway, and log no push", () => {
    const nginx = object(rendered().loki, "ConfigMap", "loki-gateway").data["nginx.conf"] as string;
    assert.match(nginx, /auth_basic +"[^"]+";/);
    assert.match(nginx, /auth_basic_user_file +\S+\.htpasswd;/);
    assert.match(nginx, /resolver kube-dns\.kube-system\.svc\.cluster\.local\.;/);
    assert.match(nginx, /if=\$loggable|access_log +off|~\^\[23\]/, "successful requests are not logged");
    assert.ok(JSON.stringify(pod("loki-gateway").spec.volumes).includes("logging-gateway-htpasswd-[auto]"));
    assert.equal(ofKind(rendered().loki, "Secret").length, 0, "the chart itself creates no Secret");
  });

  it("have no NetworkPolicy of the chart: an empty selector in one lets everyone in", () => {
    assert.deepEqual(ofKind([...rendered().loki, ...rendered().alloy], "NetworkPolicy"), []);
  });

  it("match what the stack's own NetworkPolicies select", async () => {
    const policies = (await planOf(stack)).resources.filter((r) => r.type.endsWith(":NetworkPolicy"));
    assert.equal(policies.length, 6);
    const labels = Object.fromEntries(
      podsOf([...rendered().loki, ...rendered().alloy]).map((p) => [p.name, p.metadata.labels]),
    );
    type Selector = {
      matchLabels?: Record<string, string>;
      matchExpressions?: Array<{ key: string; values: string[] }>;
    };
    const selected = (selector: Selector) =>
      Object.entries(labels)
        .filter(
          ([, own]) =>
            Object.entries(selector.matchLabels ?? {}).every(([k, v]) => own[k] === v) &&
            (selector.matchExpressions ?? []).every(({ key, values }) => values.includes(own[key])),
        )
        .map(([name]) => name)
        .sort();
    const all = ["alloy", ...WORKLOADS];
    const by = Object.fromEntries(
      policies.map((p) => [p.name, selected((p.inputs.spec as { podSelector: Selector }).podSelector)]),
    );
    assert.deepEqual(by, {
      "logging-deny-all": all,
      "logging-allow-dns": all,
      "logging-allow-loki-to-itself": WORKLOADS,
      "logging-allow-loki-to-object-storage": LOKI.toSorted(),
      "logging-allow-to-gateway": ["loki-gateway"],
      "logging-allow-alloy-to-gateway": ["alloy"],
    });
    const port = containersOf(pod("loki-gateway").spec)[0].ports[0].containerPort;
    const toGateway = policies.find((p) => p.name === "logging-allow-to-gateway");
    const [ingress] = (toGateway as Loose).inputs.spec.ingress;
    assert.deepEqual(
      ingress.ports.map((p: { port: number }) => p.port),
      [port],
      "the pod's port and not the Service's",
    );
  });
});

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { problemAt, refusal, stackFile } from "../../../harness/plannedStack.ts";
import { describeMistakes, existingPool, type Mistake } from "./mistakes.ts";

describeMistakes("a cluster", [
  ...["Baseline", "Restricted"].map(
    (safeguards): Mistake => ({
      what: `the safeguards ${safeguards}, under which Alloy cannot run`,
      change: (c) => {
        c.cluster.safeguards = safeguards;
        c.namespace = "logs";
      },
      path: "cluster.safeguards",
      given: safeguards,
      allowed: /refuses every hostPath volume/,
      fix: /az aks safeguards update --cluster \/subscriptions\/.*\/managedClusters\/prod-aks-a --level Enforce --excluded-ns logs \(and the namespaces that/,
    }),
  ),
  {
    what: "safeguards by another word",
    change: (c) => {
      c.cluster.safeguards = "Warn";
    },
    path: "cluster.safeguards",
    given: "Warn",
    allowed: /one of: none, Enforce, Baseline, Restricted/,
    fix: /docs\/arguments\.md/,
  },
  {
    what: "another cluster's name",
    change: (c) => {
      c.cluster.name = "prod-aks-b";
    },
    path: "cluster.name",
    given: "prod-aks-b",
    allowed: /the name of the stack, prod-aks-a/,
    fix: /write prod-aks-a/,
  },
  {
    what: "an environment that is not one word",
    change: (c) => {
      c.cluster.environment = "prod {a}";
    },
    path: "cluster.environment",
    given: "prod {a}",
    allowed: /a short word/,
    fix: /one word/,
  },
  {
    what: "a resource ID that is not an AKS cluster's",
    change: (c) => {
      c.cluster.resourceId = "/subscriptions/x/aks";
    },
    path: "cluster.resourceId",
    given: "/subscriptions/x/aks",
    allowed: /Microsoft\.ContainerService\/managedClusters/,
    fix: /az aks show/,
  },
  {
    what: "no resource ID for access method aks",
    change: (c) => {
      delete c.cluster.resourceId;
      existingPool(c);
    },
    path: "cluster.resourceId",
    allowed: /because access\.method is aks/,
    fix: /az aks show/,
  },
  {
    what: "no resource ID for a pool to create",
    change: (c) => {
      delete c.cluster.resourceId;
      c.access = { method: "kubeconfig", path: "k", context: "x" };
    },
    path: "cluster.resourceId",
    allowed: /because nodePool\.mode is create/,
    fix: /az aks show/,
  },
]);

describeMistakes("a namespace", [
  {
    what: "a namespace that Kubernetes refuses",
    change: (c) => {
      c.namespace = "Logging_1";
    },
    path: "namespace",
    given: "Logging_1",
    allowed: /lower-case letters, digits and -/,
    fix: /kubectl get namespaces/,
  },
  {
    what: "a reader namespace that Kubernetes refuses",
    change: (c) => {
      c.network.readerNamespaces = ["monitoring", "Grafana"];
    },
    path: "network.readerNamespaces[1]",
    given: "Grafana",
    allowed: /lower-case letters, digits and -/,
    fix: /kubectl get namespaces/,
  },
  ...["kube-system", "kube-public", "default"].map(
    (namespace): Mistake => ({
      what: `the namespace ${namespace}`,
      change: (c) => {
        c.namespace = namespace;
      },
      path: "namespace",
      given: namespace,
      allowed: /a namespace that the stack creates/,
      fix: /to get logging/,
    }),
  ),
]);

describe("a kubeconfig that does not exist", () => {
  const absent = stackFile((c) => {
    c.access = { method: "kubeconfig", path: "kube/none", context: "x" };
  });
  after(() => delete process.env.PULUMI_NODEJS_ENGINE);

  it("is accepted offline, where nothing connects to the cluster", async () => {
    assert.equal(await refusal(absent), undefined);
  });

  it("is refused when the engine runs the program", async () => {
    process.env.PULUMI_NODEJS_ENGINE = "127.0.0.1:1";
    const { given, text, fix } = problemAt(await refusal(absent), "access.path");
    assert.equal(given, "kube/none");
    assert.match(text, /this one does not exist/);
    assert.match(fix, /access\.method: aks/);
  });
});

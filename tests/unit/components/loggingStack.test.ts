// How the resources are connected: parents, names, providers, protection, order.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { OfflinePlan } from "../../../automation/plan/offlinePlan.ts";
import { plan as planOf, resource, stackFile } from "../../harness/plannedStack.ts";
import { planAndRegistrations, type Registration } from "../../harness/registrations.ts";

const COMPONENT = "logging:index:LoggingStack::logging";

/** Package of the provider that serves a type. */
const packageOf = (type: string): string => type.split(":")[0] ?? "";

let plan: OfflinePlan;
let sent: Registration[];
const registration = (name: string): Registration => {
  const found = sent.filter((r) => r.getName() === name);
  assert.equal(found.length, 1, name);
  return found[0] as Registration;
};

before(async () => {
  ({ sent, plan } = await planAndRegistrations(stackFile()));
});

describe("every resource", () => {
  const children = () => plan.resources.filter((r) => !r.type.startsWith("pulumi:") && !r.type.startsWith("logging:"));

  it("is a child of the component", () => {
    assert.equal(children().length, 23);
    for (const r of children()) assert.equal(r.parent, COMPONENT, r.name);
  });

  it("has a unique name that begins with the component's", () => {
    for (const r of children()) assert.match(r.name, /^logging-[a-z0-9-]+$/);
    assert.equal(new Set(children().map((r) => r.name)).size, children().length);
  });

  it("has an explicit provider, because a default one would use the laptop's current context", () => {
    for (const r of sent.filter((r) => r.getCustom() && !r.getType().startsWith("pulumi:"))) {
      assert.match(r.getProvider(), new RegExp(`[:$]pulumi:providers:${packageOf(r.getType())}::`), r.getName());
    }
  });

  it("in the cluster is in the stack's namespace, and waits for it", () => {
    const namespaced = children().filter((r) => r.type.startsWith("kubernetes:") && !r.type.endsWith(":Namespace"));
    assert.equal(namespaced.length, 14);
    for (const r of namespaced) {
      const { namespace, metadata } = r.inputs as { namespace?: string; metadata?: { namespace?: string } };
      assert.equal(namespace ?? metadata?.namespace, "logging", r.name);
      assert.ok(r.dependsOn.includes("kubernetes:core/v1:Namespace::logging-namespace"), r.name);
    }
  });
});

describe("the component's inputs", () => {
  const inputsOf = (from: OfflinePlan) => resource(from, "logging", "logging:index:LoggingStack").inputs;

  it("are its arguments", () => {
    const { config } = stackFile();
    const groups = Object.keys(config).filter((key) => !/:(access|disable-default-providers)$/.test(key));
    const inputs = inputsOf(plan);
    for (const key of groups) {
      const group = key.replace("logging:", "");
      if (group in inputs) assert.deepEqual(inputs[group], JSON.parse(config[key] ?? ""), group);
    }
    for (const group of ["cluster", "nodePool", "objectStorage", "network", "loki", "alloy"])
      assert.ok(group in inputs, group);
  });

  it("hold no secret, not even an encrypted one", async () => {
    const changed = await planOf(
      stackFile(
        (c) => {
          c.objectStorage.mode = "existing";
          c.objectStorageAccessKey = "someAccessKey";
          c.objectStorageSecretKey = "someSecretKey";
          c.imageRegistryCredentials = JSON.stringify({ auths: { "r.azurecr.io": { auth: "x" } } });
          c.chartRepositoryUsername = "someUser";
          c.chartRepositoryPassword = "somePassword";
        },
        { secretKeys: ["objectStorageSecretKey", "imageRegistryCredentials", "chartRepositoryPassword"] },
      ),
    );
    const text = JSON.stringify(inputsOf(changed));
    assert.doesNotMatch(text, /\[secret\]|some(AccessKey|SecretKey|User|Password)|accessKey|secretKey|auths/);
    assert.match(text, /"mode":"existing"/);
  });
});

describe("to prevent accidents,", () => {
  it("only the bucket is protected, and it is private and never emptied", () => {
    assert.deepEqual(
      plan.resources.filter((r) => r.protect).map((r) => r.name),
      ["logging-bucket"],
    );
    assert.deepEqual(resource(plan, "logging-bucket").inputs, {
      bucket: "loki-prod-aks-a",
      acl: "private",
      forceDestroy: false,
    });
  });

  it("the bucket stays if its protection is bypassed", () => {
    const retained = sent.filter((r) => r.getRetainondelete()).map((r) => r.getName());
    assert.deepEqual(retained, ["logging-bucket"]);
  });

  it("an existing bucket is not touched", async () => {
    const existing = await planOf(
      stackFile(
        (c) => {
          c.objectStorage.mode = "existing";
          c.objectStorageAccessKey = "accessKey1";
          c.objectStorageSecretKey = "secretKey1";
        },
        { secretKeys: ["objectStorageSecretKey"] },
      ),
    );
    assert.deepEqual(
      existing.resources.filter((r) => /minio|bucket-secret/.test(r.type + r.name)).map((r) => r.name),
      ["logging-minio-ca", "logging-minio-credentials"],
    );
  });

  it("a new bucket user is created and attached, and a new pool is created, before the old one is deleted", () => {
    for (const name of ["logging-bucket-user", "logging-bucket-user-policy", "logging-node-pool"]) {
      const r = registration(name);
      assert.ok(r.getDeletebeforereplacedefined(), `${name} sets it, because the provider has another default`);
      assert.equal(r.getDeletebeforereplace(), false, name);
    }
  });

  it("a release with a fixed name is deleted before its replacement is created", () => {
    for (const name of ["logging-loki", "logging-alloy"])
      assert.equal(registration(name).getDeletebeforereplace(), true, name);
  });

  it("Secrets and the CA are immutable and auto-named, so that new content creates a new object and restarts the pods", () => {
    const names = ["minio-credentials", "gateway-htpasswd", "gateway-login", "alloy-login", "minio-ca"].map(
      (n) => `logging-${n}`,
    );
    for (const name of names) {
      const { inputs } = resource(plan, name);
      assert.equal(inputs.immutable, true, name);
      assert.equal((inputs.metadata as { name?: string }).name, undefined, name);
    }
    assert.deepEqual(
      plan.resources.filter((r) => /v1:(Secret|ConfigMap)$/.test(r.type)).map((r) => r.name),
      names.toSorted((a, b) => (a === "logging-minio-ca" ? -1 : b === "logging-minio-ca" ? 1 : a < b ? -1 : 1)),
    );
  });
});

describe("the autoscaler's count", () => {
  it("is ignored with an autoscaler", () => {
    assert.deepEqual(registration("logging-node-pool").getIgnorechangesList(), ["count"]);
  });

  it("is set without an autoscaler", async () => {
    const fixed = await planOf(stackFile((c) => Object.assign(c.nodePool, { minCount: 5, maxCount: 5 })));
    const pool = resource(fixed, "logging-node-pool");
    assert.deepEqual(pool.ignoreChanges, []);
    assert.equal(pool.inputs.count, 5);
    assert.equal(pool.inputs.enableAutoScaling, false);
    assert.ok(!("minCount" in pool.inputs) && !("maxCount" in pool.inputs));
  });

  it("is the only property that is ignored", () => {
    assert.deepEqual(
      plan.resources.filter((r) => r.ignoreChanges.length > 0).map((r) => r.name),
      ["logging-node-pool"],
    );
  });
});

describe("in the order of creation,", () => {
  const waitsFor = (name: string) => resource(plan, name).dependsOn;

  it("Loki waits for its nodes, its keys, the gateway's users, the CA and the policies", () => {
    const dependencies = waitsFor("logging-loki");
    for (const name of [
      "azure-native:containerservice:AgentPool::logging-node-pool",
      "kubernetes:core/v1:Secret::logging-minio-credentials",
      "kubernetes:core/v1:Secret::logging-gateway-htpasswd",
      "kubernetes:core/v1:ConfigMap::logging-minio-ca",
      ...plan.resources.filter((r) => r.type.endsWith(":NetworkPolicy")).map((r) => `${r.type}::${r.name}`),
    ])
      assert.ok(dependencies.includes(name), `${name} in ${dependencies.join(", ")}`);
  });

  it("Alloy waits for Loki, because it drops lines that a gateway without its user refuses", () => {
    assert.ok(waitsFor("logging-alloy").includes("kubernetes:helm.sh/v3:Release::logging-loki"));
    assert.ok(waitsFor("logging-alloy").includes("kubernetes:core/v1:Secret::logging-alloy-login"));
  });

  it("Loki gets the keys only when they open the bucket", () => {
    const dependencies = waitsFor("logging-minio-credentials");
    assert.ok(
      dependencies.includes("minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment::logging-bucket-user-policy"),
      dependencies.join(", "),
    );
    const attachment = waitsFor("logging-bucket-user-policy");
    for (const name of ["s3Bucket:S3Bucket::logging-bucket", "iamPolicy:IamPolicy::logging-bucket-policy"])
      assert.ok(attachment.includes(`minio:index/${name}`), attachment.join(", "));
  });
});

describe("the namespace", () => {
  it("lets Alloy mount the node's logs and warns about everything else", () => {
    assert.deepEqual(resource(plan, "logging-namespace").inputs, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: "logging",
        labels: {
          "pod-security.kubernetes.io/enforce": "privileged",
          "pod-security.kubernetes.io/warn": "baseline",
          "pod-security.kubernetes.io/audit": "baseline",
        },
      },
    });
  });
});

describe("the node pool's mode", () => {
  it("existing creates nothing, and uses the pool's label and taint", async () => {
    const other = await planOf(
      stackFile((c) => {
        c.nodePool = {
          mode: "existing",
          label: { key: "agentpool", value: "logs" },
          taint: { key: "dedicated", value: "logs", effect: "NoExecute" },
          capacity: { vmSize: "Standard_D4s_v5", maxCount: 5 },
        };
      }),
    );
    assert.ok(!other.resources.some((r) => r.type.endsWith(":AgentPool")));
    const { values } = resource(other, "logging-loki").inputs as { values: Record<string, Record<string, unknown>> };
    for (const place of ["defaults", "gateway", "chunksCache", "resultsCache"]) {
      assert.deepEqual(values[place]?.nodeSelector, { agentpool: "logs" }, place);
      assert.deepEqual(
        values[place]?.tolerations,
        [{ key: "dedicated", operator: "Equal", value: "logs", effect: "NoExecute" }],
        place,
      );
    }
    assert.equal(other.outputs.nodePoolName ?? null, null);
  });

  it("none sets no selector and no toleration", async () => {
    const other = await planOf(
      stackFile((c) => {
        c.nodePool = { mode: "none" };
      }),
    );
    const { values } = resource(other, "logging-loki").inputs as { values: Record<string, Record<string, unknown>> };
    for (const place of ["defaults", "gateway", "chunksCache", "resultsCache"]) {
      assert.deepEqual(values[place]?.nodeSelector, {}, place);
      assert.deepEqual(values[place]?.tolerations, [], place);
    }
    assert.equal(other.capacity, undefined);
  });
});

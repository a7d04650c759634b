// The stack's promises on the objects of the real charts: which values of the escape hatches break one, and which do not.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { helmTemplates } from "../../automation/plan/helmTemplate.ts";
import { releasesOf } from "../../automation/plan/releases.ts";
import { checkPromises } from "../../automation/promises/checkPromises.ts";
import { JudgedStack } from "../../automation/promises/judgedStack.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, planOf, STACKS, stackFile } from "../harness/plannedStack.ts";
import { programMissing } from "../harness/programs.ts";
import { HARMLESS_VALUES, PROMISE_CASES } from "./promiseCases.ts";
import { STACK_CONFIGS } from "./stackConfigs.ts";

const check = async (change: (config: Loose) => void, stack = "prod-aks-a") => {
  const file = stackFile(change, { stack });
  return checkPromises(file, (await plan(file)).resources);
};

describe("the stack's promises", { skip: chartsMissing(), timeout: 1_200_000 }, () => {
  let stack: JudgedStack;
  before(async () => {
    const { resources } = await planOf("prod-aks-a");
    const releases = releasesOf(resources);
    stack = new JudgedStack(resources, releases, await helmTemplates(releases), undefined);
  });
  const judge = (release: string, values: Loose) => stack.judge(stack.with(release, values), false);

  for (const [what, { release, values, broken }] of Object.entries(PROMISE_CASES)) {
    it(`are broken by ${what}`, async () => {
      const { breaches } = await judge(release, values);
      for (const [promise, text] of Object.entries(broken)) {
        const texts = breaches.filter((breach) => breach.promise === promise).map((b) => `${b.object}: ${b.text}`);
        assert.ok(
          texts.some((one) => text.test(one)),
          `${promise}: ${texts.join("\n") || JSON.stringify(breaches)}`,
        );
      }
      for (const { fix } of breaches) assert.notEqual(fix, "");
    });
  }

  for (const [what, { release, values }] of Object.entries(HARMLESS_VALUES)) {
    it(`are kept by ${what}`, async () => {
      const { breaches } = await judge(release, values);
      assert.deepEqual(breaches, []);
    });
  }

  for (const { what, change, stack: name } of STACK_CONFIGS) {
    it(`are kept by ${what}`, async () => {
      const { broken, objects } = await check(change, name);
      assert.deepEqual(broken, []);
      assert.equal(objects.length, 2);
    });
  }

  for (const name of STACKS) {
    it(`are kept by ${name}, without a warning`, async () => {
      assert.deepEqual((await check(() => {}, name)).warnings, []);
    });
  }
});

describe("a broken promise", { skip: chartsMissing(), timeout: 300_000 }, () => {
  it("names the value, the promise, the object and the key that does it right", async () => {
    const { broken } = await check((config) => {
      config.loki.values = {
        defaults: { podAnnotations: { team: "logs" } },
        loki: {
          server: { log_level: "warn" },
          limits_config: { max_query_lookback: "24h", max_chunks_per_query: 5000 },
        },
        write: { persistence: { enableStatefulSetAutoDeletePVC: true } },
      };
    });
    assert.deepEqual(broken, [
      {
        subject: "loki.values.write.persistence.enableStatefulSetAutoDeletePVC",
        text: "write and backend keep their disks, also after their pods are gone (disks)\nbroken by StatefulSet loki-write: Kubernetes deletes its volumes (whenDeleted, whenScaled: Delete)",
        fix: "remove it; docs/operations.md takes a cluster away step by step",
      },
      {
        subject: "loki.values.loki.limits_config.max_query_lookback",
        text: 'every line that is kept can be read (reading)\nbroken by ConfigMap loki: limits_config.max_query_lookback is "24h" instead of "336h"',
        fix: "set loki.retentionHours",
      },
    ]);
  });

  it("names an entry of a list, and the values of both releases", async () => {
    const { broken } = await check((config) => {
      config.loki.values = {
        extraObjects: [
          { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mine" }, data: {} },
          { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "mine" }, rules: [] },
        ],
      };
      config.alloy.values = { rbac: { create: true }, controller: { podAnnotations: { team: "logs" } } };
    });
    assert.deepEqual(broken.map(({ subject }) => subject).sort(), [
      "alloy.values.rbac.create",
      "loki.values.extraObjects[1]",
    ]);
  });

  it("names values that break it only together", async () => {
    const { broken } = await check((config) => {
      // Either of them alone leaves enough room.
      const resources = { requests: { cpu: "1100m", memory: "64Mi" } };
      const name = (part: string) => ({ name: part, image: "side:1", resources });
      config.loki.values = {
        read: { extraContainers: [name("a")] },
        write: { extraContainers: [name("b")] },
        backend: { podAnnotations: { team: "logs" } },
      };
      config.promisesGivenUp = ["podSecurity"];
    });
    assert.deepEqual(
      broken.map(({ subject }) => subject),
      ["loki.values"],
    );
    assert.match(broken[0]?.text ?? "", /these may not fit/);
  });

  it("counts the pod of the events, which is not in a release", async () => {
    const withSidecar = (events: boolean) => (config: Loose) => {
      const resources = { requests: { cpu: "500m", memory: "64Mi" } };
      config.loki.values = { read: { extraContainers: [{ name: "a", image: "side:1", resources }] } };
      config.promisesGivenUp = ["podSecurity"];
      const large = { requests: { cpu: "1000m", memory: "1Gi" }, limits: { memory: "1Gi" } };
      config.alloy = { ...config.alloy, events: { enabled: events, resources: large } };
    };
    assert.deepEqual((await check(withSidecar(false))).broken, []);
    const { broken } = await check(withSidecar(true));
    assert.match(broken[0]?.text ?? "", /may not fit: [\s\S]*\nalloy-events {2}/);
  });

  it("can be given up, which a warning repeats", async () => {
    const file = stackFile((config) => {
      config.loki.values = { loki: { limits_config: { deletion_mode: "filter-and-delete" } } };
      config.promisesGivenUp = ["deletion"];
    });
    const { resources, warnings } = await plan(file);
    assert.ok(
      warnings.some((text) => /^promisesGivenUp: deletion: .*can delete lines\.$/.test(text)),
      warnings.join(),
    );
    assert.deepEqual((await checkPromises(file, resources)).broken, []);
  });

  it("of images names those that do not come from the stack's registry", async () => {
    const { broken } = await check((config) => {
      config.images = { registry: "mirror.internal" };
      config.loki.values = { read: { extraContainers: [{ name: "side", image: "docker.io/library/busybox" }] } };
      config.promisesGivenUp = ["podSecurity"];
    });
    assert.deepEqual(
      broken.map(({ subject }) => subject),
      ["loki.values.read.extraContainers[0]"],
    );
    assert.match(
      broken[0]?.text ?? "",
      /container side uses docker\.io\/library\/busybox, which is not from mirror\.internal/,
    );
  });
});

describe("what deserves a warning", { skip: chartsMissing(), timeout: 300_000 }, () => {
  const warned = async (values: Loose) =>
    (await check((config) => Object.assign(config.loki, { values }))).warnings.join("\n");

  it("names the argument that opens what the NetworkPolicies close", async () => {
    const hosts = [{ host: "loki.example.com", paths: [{ path: "/", pathType: "Prefix" }] }];
    assert.match(
      await warned({ gateway: { ingress: { enabled: true, ingressClassName: "nginx", hosts } } }),
      /^loki\.values\.gateway\.ingress\.enabled: Ingress loki-gateway: .*network\.readerNamespaces/,
    );
    assert.match(
      await warned({ gateway: { service: { type: "LoadBalancer" } } }),
      /^loki\.values\.gateway\.service\.type: Service loki-gateway: .*no argument lets addresses outside of the cluster in/,
    );
    assert.match(
      await warned({ monitoring: { serviceMonitor: { enabled: true } } }),
      /^loki\.values\.monitoring\.serviceMonitor\.enabled: ServiceMonitor loki: .*network\.monitoringNamespaces/,
    );
    assert.match(
      await warned({ defaults: { extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy:3128" }] } }),
      /^loki\.values\.defaults\.extraEnv\[0\]: .*NO_PROXY/,
    );
  });

  it("names lines that are kept for another time, and overrides without effect", async () => {
    const stream = (period: string) => [{ selector: '{namespace="dev"}', priority: 1, period }];
    assert.match(
      await warned({ loki: { limits_config: { retention_stream: stream("24h") } } }),
      /retention_stream\[0\]: .*lines of \{namespace="dev"\} are deleted after 1 day instead of 14 days/,
    );
    assert.match(
      await warned({ loki: { structuredConfig: { limits_config: { retention_stream: stream("720h") } } } }),
      /kept for 30 days, but can be read for 14 days alone/,
    );
    assert.match(
      await warned({ loki: { runtimeConfig: { overrides: { team: { max_chunks_per_query: 10 } } } } }),
      /the tenant team have no effect/,
    );
  });

  it("names another version of an image", async () => {
    assert.match(
      await warned({ loki: { image: { tag: "3.6.0" } } }),
      /^loki\.values\.loki\.image\.tag: .*3\.6\.0 instead of .*3\.7\.6/,
    );
  });
});

describe("a config that its program refuses", {
  skip: [chartsMissing(), programMissing("loki"), programMissing("alloy")].filter(Boolean).join("; ") || false,
  timeout: 300_000,
}, () => {
  it("of Loki names the value", async () => {
    const { broken } = await check((config) => {
      config.loki.values = { loki: { limits_config: { max_chunks_per_query: "many" }, server: { log_level: "warn" } } };
    });
    assert.deepEqual(
      broken.map(({ subject }) => subject),
      ["loki.values.loki.limits_config.max_chunks_per_query"],
    );
    assert.match(broken[0]?.text ?? "", /\(validConfig\)\nbroken by ConfigMap loki: loki: .*cannot unmarshal/);
  });

  it("of Loki's runtime config names the value, which Loki itself reads only later", async () => {
    const { broken } = await check((config) => {
      config.loki.values = { loki: { runtimeConfig: { overrides: { fake: { max_chunks_per_query: "many" } } } } };
    });
    assert.deepEqual(
      broken.map(({ subject }) => subject),
      ["loki.values.loki.runtimeConfig.overrides.fake.max_chunks_per_query"],
    );
  });

  it("of Alloy names the value", async () => {
    const { broken } = await check((config) => {
      config.alloy.values = { alloy: { configMap: { content: "receivers: [" } } };
      config.promisesGivenUp = ["pipeline"];
    });
    assert.deepEqual(
      broken.map(({ subject }) => subject),
      ["alloy.values.alloy.configMap.content"],
    );
    assert.match(broken[0]?.text ?? "", /\(validConfig\)\nbroken by ConfigMap alloy: alloy: /);
  });
});

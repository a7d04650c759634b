// What the pinned charts make of our values, looked at object by object.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { parse } from "yaml";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { planOf, STACKS, stackFile } from "../harness/plannedStack.ts";
import { restrictedViolations } from "./podSecurity.ts";
import { containersOf, object, ofKind, podsOf, type Rendered, render } from "./renderedCharts.ts";

const skip = chartsMissing();

const WORKLOADS = [
  "loki-backend",
  "loki-chunks-cache",
  "loki-gateway",
  "loki-read",
  "loki-results-cache",
  "loki-write",
];
/** Pods of Loki itself, which alone hold MinIO's keys. */
const LOKI = ["loki-write", "loki-read", "loki-backend"];

for (const stack of STACKS) {
  describe(`rendered manifests of ${stack}`, { skip }, () => {
    let rendered: Rendered;
    before(async () => {
      rendered = await render(stackFile(() => {}, { stack }));
    });
    const pod = (name: string) => {
      const found = podsOf([...rendered.loki, ...rendered.alloy]).find((p) => p.name === name);
      assert.ok(found, name);
      return found;
    };
    const config = () => parse(object(rendered.loki, "ConfigMap", "loki").data["config.yaml"]);

    it("are these workloads and no others: no canary, test pod, ruler, single binary or MinIO", () => {
      assert.deepEqual(
        podsOf(rendered.loki)
          .map((p) => p.name)
          .sort(),
        WORKLOADS,
      );
      assert.deepEqual(
        podsOf(rendered.alloy).map((p) => p.name),
        ["alloy"],
      );
      for (const m of [...rendered.loki, ...rendered.alloy]) {
        assert.ok(!/canary|ruler|test|minio|rules|pattern|bloom/.test(m.metadata.name), `${m.kind} ${m.metadata.name}`);
        assert.equal((m.metadata as { annotations?: object }).annotations?.["helm.sh/hook" as never], undefined);
      }
    });

    it("have the replicas of the architecture", () => {
      const replicas = Object.fromEntries(
        rendered.loki
          .filter((m) => podsOf([m]).length > 0)
          .map((m) => [m.metadata.name, (m.spec as { replicas: number }).replicas]),
      );
      assert.deepEqual(replicas, {
        "loki-backend": 2,
        "loki-chunks-cache": 1,
        "loki-gateway": 2,
        "loki-read": 3,
        "loki-results-cache": 1,
        "loki-write": 3,
      });
    });

    it("run Loki on the logging pool and nowhere else", () => {
      for (const name of WORKLOADS) {
        const { spec } = pod(name);
        assert.deepEqual(spec.nodeSelector, { workload: "logging" }, name);
        assert.deepEqual(
          spec.tolerations,
          [{ key: "workload", operator: "Equal", value: "logging", effect: "NoSchedule" }],
          name,
        );
      }
    });

    it("keep pods of a kind on different hosts, and spread them over the zones", () => {
      for (const name of [...LOKI, "loki-gateway"]) {
        const { spec, metadata } = pod(name);
        const [term] = spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
        assert.equal(term.topologyKey, "kubernetes.io/hostname", name);
        const [spread] = spec.topologySpreadConstraints;
        assert.equal(spread.topologyKey, "topology.kubernetes.io/zone", name);
        for (const { labelSelector } of [term, spread]) {
          for (const [key, value] of Object.entries(labelSelector.matchLabels))
            assert.equal(metadata.labels[key], value, `${name}: the selector meets the pod's own labels`);
        }
      }
    });

    it("roll out on a full pool: no pod is added before one is gone", () => {
      const deployments = ofKind(rendered.loki, "Deployment");
      assert.deepEqual(deployments.map((d) => d.metadata.name).sort(), ["loki-gateway", "loki-read"]);
      for (const d of deployments)
        assert.deepEqual(d.spec.strategy.rollingUpdate, { maxSurge: 0, maxUnavailable: 1 }, d.metadata.name);
    });

    it("have a disruption budget for each replicated workload, the gateway too", () => {
      const budgets = ofKind(rendered.loki, "PodDisruptionBudget");
      assert.deepEqual(budgets.map((b) => b.metadata.name).sort(), [...LOKI, "loki-gateway"].sort());
      for (const b of budgets) {
        assert.equal(b.spec.maxUnavailable, 1, b.metadata.name);
        for (const [key, value] of Object.entries(b.spec.selector.matchLabels))
          assert.equal(pod(b.metadata.name).metadata.labels[key], value, b.metadata.name);
      }
    });

    it("ask for CPU and memory and limit memory in every container", () => {
      for (const { name, spec } of podsOf([...rendered.loki, ...rendered.alloy])) {
        for (const container of containersOf(spec)) {
          const { requests = {}, limits = {} } = container.resources ?? {};
          assert.ok(requests.cpu && requests.memory && limits.memory, `${name}/${container.name}`);
        }
      }
    });

    it("ask for what the capacity check counted", async () => {
      const { capacity } = await planOf(stack);
      const { parseCpu, parseMemory } = await import("../../components/quantities.ts");
      for (const workload of capacity?.workloads ?? []) {
        const { spec } = pod(`loki-${workload.name}`);
        const sum = (of: (requests: Record<string, string>) => number | undefined) =>
          containersOf(spec).reduce((total, c) => total + (of(c.resources.requests) ?? Number.NaN), 0);
        assert.equal(
          sum((r) => parseCpu(String(r.cpu))),
          workload.cpu,
          workload.name,
        );
        assert.equal(
          sum((r) => parseMemory(String(r.memory))),
          workload.memory,
          workload.name,
        );
        assert.equal(
          Boolean(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
          workload.onePerHost,
          `${workload.name} never shares a host`,
        );
      }
      assert.equal(capacity?.workloads.length, WORKLOADS.length);
    });

    it("keep the disks of write and backend when their pods go", () => {
      for (const [name, size] of [
        ["loki-write", "50Gi"],
        ["loki-backend", "20Gi"],
      ] as const) {
        const { spec } = object(rendered.loki, "StatefulSet", name);
        const retention = spec.persistentVolumeClaimRetentionPolicy ?? {};
        assert.notEqual(retention.whenDeleted, "Delete", name);
        assert.notEqual(retention.whenScaled, "Delete", name);
        const [claim] = spec.volumeClaimTemplates;
        assert.equal(claim.spec.resources.requests.storage, size, name);
        assert.equal(claim.spec.storageClassName, "managed-csi-premium", name);
      }
    });

    it("have the Services that everything else refers to", () => {
      const gateway = object(rendered.loki, "Service", "loki-gateway");
      assert.equal(gateway.spec.type, "ClusterIP");
      assert.equal(gateway.spec.ports[0].port, 80);
      for (const [key, value] of Object.entries(gateway.spec.selector))
        assert.equal(pod("loki-gateway").metadata.labels[key], value);
      const memberlist = object(rendered.loki, "Service", "loki-memberlist");
      assert.equal(memberlist.spec.publishNotReadyAddresses, true);
    });

    it("ask for no rights and mount no token", () => {
      const all = [...rendered.loki, ...rendered.alloy];
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
          assert.equal(
            object(all, "ServiceAccount", spec.serviceAccountName).automountServiceAccountToken,
            false,
            name,
          );
        else assert.equal(spec.automountServiceAccountToken, false, name);
      }
    });

    it("meet Pod Security restricted in all pods of Loki, which is why the namespace can warn of the rest", () => {
      for (const name of WORKLOADS) assert.deepEqual(restrictedViolations(pod(name).spec), [], name);
      assert.ok(restrictedViolations(pod("alloy").spec).length > 0, "Alloy does not, and so the check can tell");
    });

    it("hand MinIO's keys to Loki and to nothing else", () => {
      const holders = podsOf([...rendered.loki, ...rendered.alloy])
        .filter(({ spec }) => JSON.stringify(spec).includes("minio-credentials"))
        .map((p) => p.name);
      assert.deepEqual(holders.sort(), LOKI.toSorted());
      for (const name of LOKI)
        assert.deepEqual(containersOf(pod(name).spec)[0].envFrom, [
          { secretRef: { name: "logging-minio-credentials-[auto]" } },
        ]);
    });

    it("mount MinIO's CA where Loki's config looks for it", () => {
      for (const name of LOKI) {
        const { spec } = pod(name);
        assert.ok(
          spec.volumes.some((v: { configMap?: { name: string } }) => v.configMap?.name === "logging-minio-ca-[auto]"),
        );
        const mount = containersOf(spec)[0].volumeMounts.find((m: { name: string }) => m.name === "minio-ca");
        assert.equal(`${mount.mountPath}/ca.crt`, config().common.storage.s3.http_config.ca_file);
        assert.ok(containersOf(spec)[0].args.includes("-config.expand-env=true"), name);
      }
    });

    it("make the Loki config that is meant", () => {
      const loki = config();
      assert.equal(loki.auth_enabled, false);
      assert.equal(loki.common.replication_factor, 3);
      assert.equal(loki.common.path_prefix, "/var/loki");
      assert.deepEqual(loki.common.storage.s3, {
        access_key_id: "${MINIO_ACCESS_KEY}",
        secret_access_key: "${MINIO_SECRET_KEY}",
        bucketnames: `loki-${stack}`,
        endpoint: "https://minio.internal.company:9000",
        http_config: { ca_file: "/etc/loki/ca/ca.crt" },
        insecure: false,
        region: "us-east-1",
        s3forcepathstyle: true,
      });
      assert.deepEqual(loki.schema_config.configs, [
        {
          from: "2025-01-01",
          store: "tsdb",
          object_store: "s3",
          schema: "v13",
          index: { prefix: "loki_index_", period: "24h" },
        },
      ]);
      assert.equal(loki.compactor.retention_enabled, true);
      assert.equal(loki.compactor.delete_request_store, "s3");
      assert.equal(loki.limits_config.retention_period, "336h");
      assert.equal(loki.limits_config.max_query_lookback, "336h");
      assert.equal(loki.limits_config.ingestion_rate_mb, 50);
      assert.equal(loki.limits_config.ingestion_burst_size_mb, 100);
      assert.equal(loki.limits_config.deletion_mode, "disabled");
      assert.equal(loki.limits_config.shard_streams.time_sharding_enabled, true);
      assert.equal(loki.limits_config.reject_old_samples_max_age, "168h");
      assert.equal(loki.limits_config.max_line_size_truncate, true);
      assert.equal(loki.memberlist.cluster_label, stack);
      assert.deepEqual(loki.memberlist.join_members, ["loki-memberlist.logging.svc.cluster.local"]);
      assert.equal(loki.ingester.autoforget_unhealthy, true);
      assert.equal(loki.ingester.wal.replay_memory_ceiling, "3072MB");
      assert.equal(loki.analytics.reporting_enabled, false);
      assert.equal(loki.ruler, undefined);
    });

    it("ask for a password at the gateway, and log no push", () => {
      const nginx = object(rendered.loki, "ConfigMap", "loki-gateway").data["nginx.conf"] as string;
      assert.match(nginx, /auth_basic +"[^"]+";/);
      assert.match(nginx, /auth_basic_user_file +\S+\.htpasswd;/);
      assert.match(nginx, /resolver kube-dns\.kube-system\.svc\.cluster\.local\.;/);
      assert.match(nginx, /if=\$loggable|access_log +off|~\^\[23\]/, "successful requests are not logged");
      assert.ok(JSON.stringify(pod("loki-gateway").spec.volumes).includes("logging-gateway-htpasswd-[auto]"));
      assert.equal(ofKind(rendered.loki, "Secret").length, 0, "the chart itself creates no Secret");
    });

    it("have no NetworkPolicy of the chart's: an empty selector in one lets everyone in", () => {
      assert.deepEqual(ofKind([...rendered.loki, ...rendered.alloy], "NetworkPolicy"), []);
    });

    it("match what the stack's own NetworkPolicies select", async () => {
      const policies = (await planOf(stack)).resources.filter((r) => r.type.endsWith(":NetworkPolicy"));
      assert.equal(policies.length, 6);
      const labels = Object.fromEntries(
        podsOf([...rendered.loki, ...rendered.alloy]).map((p) => [p.name, p.metadata.labels]),
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

    it("run Alloy on every Linux node that is not a virtual node, before applications, a fifth at a time", () => {
      const daemonSet = object(rendered.alloy, "DaemonSet", "alloy");
      const { spec } = daemonSet.spec.template;
      assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
      assert.deepEqual(
        spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions,
        [
          { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
          { key: "type", operator: "NotIn", values: ["virtual-kubelet"] },
        ],
      );
      assert.equal(spec.priorityClassName, "system-node-critical");
      assert.equal(spec.terminationGracePeriodSeconds, 10);
      assert.deepEqual(daemonSet.spec.updateStrategy, {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "20%" },
      });
      assert.deepEqual(
        spec.containers.map((c: { name: string }) => c.name),
        ["alloy"],
        "no reloader",
      );
    });

    it("let Alloy read the node's logs and keep its positions on the node, as root without a capability", () => {
      const { spec } = pod("alloy");
      const paths = spec.volumes
        .filter((v: { hostPath?: object }) => v.hostPath)
        .map((v: { hostPath: { path: string } }) => v.hostPath.path);
      assert.deepEqual(paths.sort(), ["/var/lib/alloy", "/var/log"]);
      const [container] = spec.containers;
      const mounts = Object.fromEntries(
        container.volumeMounts.map((m: { mountPath: string; readOnly?: boolean }) => [
          m.mountPath,
          m.readOnly ?? false,
        ]),
      );
      assert.equal(mounts["/var/log"], true);
      assert.equal(mounts["/var/lib/alloy"], false);
      assert.ok(container.args.includes("--storage.path=/var/lib/alloy"));
      assert.ok(container.args.includes("--disable-reporting"));
      assert.deepEqual(container.securityContext, {
        runAsUser: 0,
        runAsGroup: 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      });
      assert.deepEqual(container.envFrom, [{ secretRef: { name: "logging-gateway-login-[auto]" } }]);
    });

    it("tell Alloy the name of its node, which is a label of every line", () => {
      const [container] = pod("alloy").spec.containers;
      const variable = container.env.find(({ name }: { name: string }) => name === "HOSTNAME");
      assert.deepEqual(variable.valueFrom, { fieldRef: { fieldPath: "spec.nodeName" } });
    });

    it("hold the pipeline as it is in the repository", async () => {
      const { readFileSync } = await import("node:fs");
      const { ALLOY_PIPELINE } = await import("../../components/alloy/values.ts");
      const { data } = object(rendered.alloy, "ConfigMap", "alloy");
      assert.equal(data["config.alloy"].trimEnd(), readFileSync(ALLOY_PIPELINE, "utf8").trimEnd());
    });

    it("have nothing left of a template", () => {
      for (const m of [...rendered.loki, ...rendered.alloy])
        assert.ok(!/\{\{|<no value>|%!s/.test(JSON.stringify(m)), `${m.kind} ${m.metadata.name}`);
    });

    it("are all in the namespace, in kinds that this namespace may have", () => {
      for (const m of [...rendered.loki, ...rendered.alloy]) {
        assert.equal(m.metadata.namespace, "logging", `${m.kind} ${m.metadata.name}`);
        assert.ok(
          [
            "ConfigMap",
            "DaemonSet",
            "Deployment",
            "PodDisruptionBudget",
            "Service",
            "ServiceAccount",
            "StatefulSet",
          ].includes(m.kind),
          m.kind,
        );
      }
    });
  });
}

describe("a change rolls the pods that it is for", { skip }, () => {
  const annotations = ({ loki, alloy }: Rendered) =>
    Object.fromEntries(podsOf([...loki, ...alloy]).map((p) => [p.name, JSON.stringify([p.metadata, p.spec])]));
  const rolled = async (change: Parameters<typeof stackFile>[0]) => {
    const [a, b] = [annotations(await render(stackFile())), annotations(await render(stackFile(change)))];
    return Object.keys(a)
      .filter((name) => a[name] !== b[name])
      .sort();
  };

  it("another retention: Loki, and not Alloy", async () => {
    assert.deepEqual(
      await rolled((c) => {
        c.loki.retentionHours = 360;
      }),
      LOKI.toSorted(),
    );
  });

  it("another exclusion: Alloy alone", async () => {
    assert.deepEqual(
      await rolled((c) => {
        c.alloy.exclude = ["kube-system"];
      }),
      ["alloy"],
    );
  });

  it("another pipeline: Alloy, by a checksum of its config", async () => {
    const values = (await planOf("prod-aks-a")).resources.find((r) => r.name === "logging-alloy")?.inputs as never;
    const { helmTemplate } = await import("../../automation/plan/helmTemplate.ts");
    const checksum = async (content: string) => {
      const inputs = structuredClone(values) as { values: { alloy: { configMap: { content: string } } } };
      inputs.values.alloy.configMap.content = content;
      return podsOf(await helmTemplate(inputs as never))[0]?.metadata.annotations["checksum/config"];
    };
    const first = await checksum("logging {}\n");
    assert.match(first, /^[0-9a-f]{63,64}$/);
    assert.notEqual(await checksum('logging { level = "warn" }\n'), first);
  });
});

describe("a cluster that cannot reach public registries", { skip }, () => {
  let rendered: Rendered;
  before(async () => {
    rendered = await render(
      stackFile(
        (c) => {
          c.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
          c.imageRegistryCredentials = '{"auths":{"mirror.internal.company":{"auth":"dTpw"}}}';
        },
        { secretKeys: ["imageRegistryCredentials"] },
      ),
    );
  });

  it("takes every image from its mirror, under its own path", () => {
    const images = podsOf([...rendered.loki, ...rendered.alloy]).flatMap(({ spec }) =>
      containersOf(spec).map((c) => c.image as string),
    );
    assert.ok(images.length >= 9);
    for (const image of images)
      assert.match(image, /^mirror\.internal\.company\/[a-z0-9-]+\/[a-z0-9-]+:v?\d+\.\d+/, image);
  });

  it("has the pull Secrets in every pod", () => {
    for (const { name, spec } of podsOf([...rendered.loki, ...rendered.alloy])) {
      const account = ofKind([...rendered.loki, ...rendered.alloy], "ServiceAccount").find(
        (a) => a.metadata.name === spec.serviceAccountName,
      );
      const secrets = [...(spec.imagePullSecrets ?? []), ...(account?.imagePullSecrets ?? [])].map((s) => s.name);
      for (const secret of ["mirror", "logging-image-pull-[auto]"])
        assert.ok(secrets.includes(secret), `${name}: ${secrets}`);
    }
  });
});

describe("caches that are left out", { skip }, () => {
  it("leave no pod and no address behind", async () => {
    const { loki } = await render(
      stackFile((c) => {
        c.loki.caches = { chunksMiB: 0, resultsMiB: 0 };
      }),
    );
    assert.deepEqual(
      podsOf(loki)
        .map((p) => p.name)
        .sort(),
      ["loki-backend", "loki-gateway", "loki-read", "loki-write"],
    );
    assert.ok(!object(loki, "ConfigMap", "loki").data["config.yaml"].includes("memcached"));
  });
});

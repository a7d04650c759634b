// Both production stacks: the architecture's figures, everything they send, and the names they must not share.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import type { OfflinePlan } from "../../../automation/plan/offlinePlan.ts";
import { stackNames } from "../../../automation/plan/stackFiles.ts";
import { COMPONENT_TYPE } from "../../../components/componentType.ts";
import { NOBODY_IS_ALERTED } from "../../../components/monitoring/args.ts";
import { assertFixture } from "../../harness/fixture.ts";
import { plan, planOf, resource, STACKS, stackFile, valuesOf } from "../../harness/plannedStack.ts";

/** The resources as the providers get them. The component has no provider: its inputs are its arguments. */
const sentOf = ({ resources }: OfflinePlan) =>
  resources.map((r) => (r.type === COMPONENT_TYPE ? { ...r, inputs: {} } : r));

it("the project has exactly the tested stacks", () => {
  assert.deepEqual(stackNames(), [...STACKS]);
});

for (const stack of STACKS) {
  describe(`stack ${stack}`, () => {
    it("runs Loki with the architecture's figures", async () => {
      const values = valuesOf(await planOf(stack), "loki");
      assert.equal(values.deploymentMode, "SimpleScalable");
      assert.deepEqual([values.write.replicas, values.read.replicas, values.backend.replicas], [3, 3, 2]);
      for (const component of ["write", "read", "backend"]) {
        assert.deepEqual(values[component].resources, {
          requests: { cpu: "1", memory: "2Gi" },
          limits: { cpu: "2", memory: "4Gi" },
        });
      }
      assert.equal(values.minio.enabled, false);
      assert.equal(values.loki.auth_enabled, false);
      assert.deepEqual(values.loki.commonConfig, { path_prefix: "/var/loki", replication_factor: 3 });
      assert.deepEqual(values.loki.schemaConfig.configs, [
        {
          from: "2025-01-01",
          store: "tsdb",
          object_store: "s3",
          schema: "v13",
          index: { prefix: "loki_index_", period: "24h" },
        },
      ]);
      assert.equal(values.loki.compactor.retention_enabled, true);
      assert.equal(values.loki.compactor.delete_request_store, "s3");
      assert.equal(values.loki.compactor.working_directory, "/var/loki/compactor");
      assert.equal(values.loki.runtimeConfig.overrides.fake.retention_period, "336h");
      assert.equal(values.loki.runtimeConfig.overrides.fake.ingestion_rate_mb, 50);
      assert.equal(values.loki.runtimeConfig.overrides.fake.ingestion_burst_size_mb, 100);
    });

    it("keeps everything in its own bucket, with keys from the environment, over verified TLS", async () => {
      const values = valuesOf(await planOf(stack), "loki");
      assert.equal(values.loki.storage.type, "s3");
      assert.deepEqual(values.loki.storage.bucketNames, { chunks: `loki-${stack}` });
      assert.deepEqual(values.loki.storage.s3, {
        endpoint: "https://minio.internal.company:9000",
        region: "us-east-1",
        accessKeyId: "${MINIO_ACCESS_KEY}",
        secretAccessKey: "${MINIO_SECRET_KEY}",
        s3ForcePathStyle: true,
        insecure: false,
        http_config: { ca_file: "/etc/loki/ca/ca.crt" },
      });
      assert.deepEqual(values.defaults.extraEnvFrom, [{ secretRef: { name: "logging-minio-credentials-[auto]" } }]);
    });

    it("labels lines and ring with the cluster's name", async () => {
      const plan = await planOf(stack);
      const environment = Object.fromEntries(
        valuesOf(plan, "alloy").alloy.extraEnv.map((e: { name: string; value: string }) => [e.name, e.value]),
      );
      assert.equal(environment.LOGGING_CLUSTER, stack);
      assert.equal(environment.LOGGING_ENVIRONMENT, "prod");
      assert.equal(environment.LOGGING_OTLP_URL, "http://loki-gateway.logging.svc.cluster.local/otlp");
      assert.equal(valuesOf(plan, "loki").loki.extraMemberlistConfig.cluster_label, stack);
    });

    it("pins both charts, and the release names that their Services are named after", async () => {
      const plan = await planOf(stack);
      for (const [name, version, repo, timeout] of [
        ["loki", "18.11.0", "https://grafana-community.github.io/helm-charts", 1800],
        ["alloy", "1.11.1", "https://grafana.github.io/helm-charts", 1800],
      ] as const) {
        const { values: _, valueYamlFiles: __, compat: ___, ...inputs } = resource(plan, `logging-${name}`).inputs;
        assert.deepEqual(inputs, {
          name,
          chart: name,
          version,
          repositoryOpts: { repo },
          namespace: "logging",
          timeout,
          createNamespace: false,
          skipAwait: false,
          atomic: false,
          cleanupOnFail: true,
          maxHistory: 5,
          ...(name === "alloy" && { skipCrds: true }),
        });
      }
    });

    it("creates the pool that the placement selects", async () => {
      const { inputs } = resource(await planOf(stack), "logging-node-pool");
      assert.deepEqual(
        { ...inputs, agentPoolName: "?" },
        {
          resourceGroupName: `rg-${stack}`,
          resourceName: stack,
          agentPoolName: "?",
          type: "VirtualMachineScaleSets",
          mode: "User",
          osType: "Linux",
          osSKU: "Ubuntu",
          vmSize: "Standard_D4s_v5",
          osDiskType: "Managed",
          osDiskSizeGB: 128,
          availabilityZones: ["1", "2", "3"],
          vnetSubnetID: `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-${stack}/providers/Microsoft.Network/virtualNetworks/vnet-${stack}/subnets/snet-logging`,
          maxPods: 60,
          count: 3,
          enableAutoScaling: true,
          minCount: 3,
          maxCount: 5,
          nodeLabels: { workload: "logging" },
          nodeTaints: ["workload=logging:NoSchedule"],
          kubeletConfig: { containerLogMaxSizeMB: 50, containerLogMaxFiles: 5 },
          upgradeSettings: { maxSurge: "1", drainTimeoutInMinutes: 30 },
          tags: {},
        },
      );
    });

    it("outputs what readers and writers need, and nothing secret", async () => {
      const plan = await planOf(stack);
      assert.deepEqual(plan.outputs, {
        namespace: "logging",
        pushUrl: "http://loki-gateway.logging.svc.cluster.local/loki/api/v1/push",
        queryUrl: "http://loki-gateway.logging.svc.cluster.local",
        gatewayLoginSecret: "logging-gateway-login-[auto]",
        bucket: `loki-${stack}`,
        grafanaDataSource: {
          name: `Loki ${stack}`,
          type: "loki",
          uid: `loki-${stack}`,
          access: "proxy",
          url: "http://loki-gateway.logging.svc.cluster.local",
          basicAuth: true,
          basicAuthUser: "logging-1",
          jsonData: { maxLines: 1000, timeout: 300 },
        },
        nodePoolName: resource(plan, "logging-node-pool").inputs.agentPoolName,
        chartVersions: { loki: "18.11.0", alloy: "1.11.1" },
      });
    });

    it("warns of nothing but that nobody is alerted", async () => {
      assert.deepEqual((await planOf(stack)).warnings, [NOBODY_IS_ALERTED]);
    });

    it("sends exactly the reviewed values", async () => {
      const plan = await planOf(stack);
      for (const release of ["loki", "alloy"] as const)
        assertFixture(`${stack}.${release}.values.yaml`, stringify(valuesOf(plan, release), { lineWidth: 0 }));
    });

    it("sends exactly the reviewed resources", async () => {
      const plan = await planOf(stack);
      const resources = sentOf(plan).map((r) =>
        r.name === "logging-loki" || r.name === "logging-alloy"
          ? { ...r, inputs: { ...r.inputs, values: `see ${stack}.${r.inputs.name}.values.yaml` } }
          : r,
      );
      assertFixture(`${stack}.resources.yaml`, stringify(resources, { lineWidth: 0 }));
    });
  });
}

describe("the defaults", () => {
  it("are production's figures: a stack without settings for Loki and Alloy sends the same", async () => {
    const [production, withDefaults] = [
      await planOf("prod-aks-a"),
      await plan(
        stackFile((c) => {
          delete c.loki;
          delete c.alloy;
        }),
      ),
    ];
    assert.deepEqual(sentOf(withDefaults), sentOf(production));
  });

  it("are closed: no reader namespace, and a warning for every open setting", async () => {
    const open = await plan(
      stackFile((c) => {
        delete c.network;
        delete c.objectStorage.cidrs;
      }),
    );
    const { spec } = resource(open, "logging-allow-to-gateway").inputs as {
      spec: { ingress: Array<{ from: object[] }> };
    };
    assert.deepEqual(spec.ingress[0]?.from, [
      { podSelector: { matchLabels: { "app.kubernetes.io/instance": "alloy" } } },
    ]);
    assert.equal(open.warnings.length, 3, open.warnings.join("; "));
  });
});

describe("the URN contract", () => {
  it("has exactly the reviewed resources, because a changed name or type would replace a resource", async () => {
    const urns = (await planOf("prod-aks-a")).resources.map((r) => `${r.type}::${r.name}`);
    assertFixture("urns.txt", `${urns.sort().join("\n")}\n`);
  });

  it("is the same in both stacks", async () => {
    const [a, b] = await Promise.all(STACKS.map(async (s) => (await planOf(s)).resources.map((r) => r.type + r.name)));
    assert.deepEqual(a, b);
  });
});

describe("the two stacks", () => {
  /** Names that must be unique on the MinIO, in the Azure subscription and in the Grafana that the clusters share. */
  const shared = async (stack: string): Promise<Record<string, unknown>> => {
    const plan = await planOf(stack);
    const pool = resource(plan, "logging-node-pool").inputs;
    const minio = plan.resources.filter((r) => r.type.startsWith("minio:"));
    const uid = (plan.outputs.grafanaDataSource as { uid: string; name: string }).uid;
    return {
      ...Object.fromEntries(
        minio.map((r) => [r.name, r.inputs.bucket ?? r.inputs.name ?? `${r.inputs.userName}/${r.inputs.policyName}`]),
      ),
      "node pool": `${pool.resourceGroupName}/${pool.resourceName}/${pool.agentPoolName}`,
      "pool name alone": pool.agentPoolName,
      subnet: pool.vnetSubnetID,
      "data source uid": uid,
      "data source name": (plan.outputs.grafanaDataSource as { name: string }).name,
      "memberlist label": valuesOf(plan, "loki").loki.extraMemberlistConfig.cluster_label,
    };
  };

  it("share no physical name on MinIO, in Azure or in Grafana", async () => {
    const [a, b] = [await shared("prod-aks-a"), await shared("prod-aks-b")];
    assert.deepEqual(Object.keys(a), Object.keys(b));
    assert.ok(Object.keys(a).length >= 10, "every MinIO object is compared");
    for (const [what, name] of Object.entries(a)) {
      assert.equal(typeof name, "string", what);
      assert.notEqual(name, b[what], `${what} is ${name} in both`);
    }
    const names = [...Object.values(a), ...Object.values(b)];
    assert.ok(!Object.values(a).some((name) => Object.values(b).includes(name)), names.join(", "));
  });

  it("never name each other", async () => {
    for (const [stack, other] of [STACKS, STACKS.toReversed()])
      assert.ok(!JSON.stringify(await planOf(stack as string)).includes(other as string), `${other} in ${stack}`);
  });
});

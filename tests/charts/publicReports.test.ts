// Chart values that people use in public reports, given to the escape hatches.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReleaseInputs } from "../../automation/plan/helmTemplate.ts";
import { checkPromises } from "../../automation/promises/checkPromises.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, refusal, resource, stackFile } from "../harness/plannedStack.ts";

interface Report {
  readonly source: string;
  readonly release: "loki" | "alloy";
  readonly values: Loose;
}

const fileOf = ({ release, values }: Report) =>
  stackFile((config) => {
    config[release].values = values;
  });

const loki = (source: string, values: Loose): Report => ({ source, release: "loki", values });
const alloy = (source: string, values: Loose): Report => ({ source, release: "alloy", values });

const CA_BUNDLE = {
  name: "ca-bundle",
  configMap: { name: "trustbundleca", items: [{ key: "bundle.pem", path: "bundle.pem" }] },
};
const SPOT = { key: "kubernetes.azure.com/scalesetpriority", operator: "Equal", value: "spot", effect: "NoSchedule" };

describe("values of public reports are refused:", () => {
  const REFUSED: ReadonlyArray<readonly [report: Report, paths: readonly string[]]> = [
    [
      loki("a retention at the wrong level, https://github.com/mortennordbye/homelab/pull/504", {
        compactor: { retention_enabled: true },
      }),
      ["loki.values.compactor.retention_enabled"],
    ],
    [
      loki("a key that Loki 3 no longer has, https://github.com/mortennordbye/homelab/pull/504", {
        loki: { compactor: { shared_store: "filesystem" } },
      }),
      ["loki.values.loki.compactor.shared_store"],
    ],
    [
      loki("deletions by a key that is gone, https://github.com/grafana/loki/issues/7884", {
        loki: { compactor: { deletion_mode: "filter-and-delete" } },
      }),
      ["loki.values.loki.compactor.deletion_mode"],
    ],
    [
      loki("keys of the chart in Loki's config, https://github.com/grafana/loki/issues/20186", {
        loki: {
          structuredConfig: {
            storage_config: { gcs: { bucketNames: { chunks: "x" } } },
            limits_config: { retention: "1d" },
          },
        },
      }),
      [
        "loki.values.loki.structuredConfig.limits_config.retention",
        "loki.values.loki.structuredConfig.storage_config.gcs.bucketNames",
      ],
    ],
    [
      loki("limits that arguments set, https://github.com/grafana/loki/issues/15993", {
        fullnameOverride: "loki",
        loki: { limits_config: { retention_period: "24h", per_stream_rate_limit: "512M" } },
      }),
      [
        "loki.values.fullnameOverride",
        "loki.values.loki.limits_config.per_stream_rate_limit",
        "loki.values.loki.limits_config.retention_period",
      ],
    ],
    [
      loki("metrics without the password, https://github.com/grafana-community/helm-charts/issues/281", {
        gateway: { nginxConfig: { serverSnippet: "location = /metrics { stub_status on; auth_basic off; }" } },
      }),
      ["loki.values.gateway.nginxConfig.serverSnippet"],
    ],
    [
      alloy("tolerations at the wrong level, https://github.com/grafana/k8s-monitoring-helm/issues/1176", {
        tolerations: [SPOT],
      }),
      ["alloy.values.tolerations"],
    ],
  ];
  for (const [report, paths] of REFUSED) {
    it(report.source, async () => {
      const problems = (await refusal(fileOf(report)))?.problems ?? [];
      assert.deepEqual(problems.map(({ subject }) => subject).sort(), paths);
    });
  }
});

describe("values of public reports, with the real charts:", { skip: chartsMissing(), timeout: 300_000 }, () => {
  const judged = async (report: Report) => {
    const file = fileOf(report);
    const { resources, ...planned } = await plan(file);
    const release = resource({ resources, ...planned }, `logging-${report.release}`).inputs as unknown as ReleaseInputs;
    return { ...(await checkPromises(file, resources)), values: release.values as Loose };
  };

  it("quotes of a word processor in a selector break the retention, https://github.com/grafana/loki/issues/4476", async () => {
    const retention_stream = [{ selector: "{protocol=“protocol-log-3d”}", priority: 1, period: "72h" }];
    const { broken } = await judged(loki("", { loki: { limits_config: { retention_stream } } }));
    assert.ok(broken.some(({ text }) => /which Loki cannot read/.test(text)));
    assert.deepEqual(
      [...new Set(broken.map(({ subject }) => subject))],
      ["loki.values.loki.limits_config.retention_stream[0]"],
    );
  });

  it("a bundle of certificates stands beside MinIO's CA, https://github.com/grafana-community/helm-charts/issues/260", async () => {
    const mount = { name: "ca-bundle", mountPath: "/etc/ssl/bundle" };
    const values = { global: { extraVolumes: [CA_BUNDLE], extraVolumeMounts: [mount] } };
    assert.deepEqual((await judged(loki("", values))).broken, []);
    const defaults = await judged(loki("", { defaults: { extraVolumes: [CA_BUNDLE], extraVolumeMounts: [mount] } }));
    assert.deepEqual(defaults.broken, []);
    assert.deepEqual(
      defaults.values.defaults.extraVolumes.map(({ name }: Loose) => name),
      ["ca-bundle", "minio-ca"],
    );
  });

  it("Alloy tolerates spot nodes and every other node, https://github.com/grafana/k8s-monitoring-helm/issues/1176", async () => {
    const { broken, values } = await judged(alloy("", { controller: { tolerations: [SPOT] } }));
    assert.deepEqual(broken, []);
    assert.deepEqual(values.controller.tolerations, [SPOT, { operator: "Exists" }]);
  });

  it("a map of tokens stands beside the gateway's list of paths, https://github.com/grafana-community/helm-charts/issues/511", async () => {
    const { broken, values } = await judged(
      loki("", {
        gateway: {
          nginxConfig: {
            httpSnippet: 'map $http_x_team $tenant { default ""; "team-a" "a"; }',
            serverSnippet: "proxy_set_header X-Scope-OrgID $tenant;",
          },
        },
      }),
    );
    assert.deepEqual(broken, []);
    assert.match(values.gateway.nginxConfig.httpSnippet, /map \$writer\$uri \$offered.*map \$http_x_team \$tenant/s);
  });
});

// The pipeline tier also runs without charts, from the same values, through a mapping. The mapping must give what the charts render.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { helmTemplate, type ReleaseInputs } from "../../automation/plan/helmTemplate.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { chartsMissing } from "../harness/charts.ts";
import type { Loose } from "../harness/manifest.ts";
import { programMissing } from "../harness/programs.ts";
import { SAME_IN_VALUES } from "../harness/withoutCharts/lokiConfig.ts";
import { objectsOfValues } from "../harness/withoutCharts/objectsOfValues.ts";
import { readChart } from "./generateChartFacts.ts";
import { object } from "./renderedCharts.ts";
import { verifyLokiConfig } from "./runProgram.ts";
import { releasesOf, STACK_CONFIGS } from "./stackConfigs.ts";

/** Kinds that only a cluster reads. */
const NOT_A_PROCESS = ["PodDisruptionBudget", "ServiceAccount"];
/** Services that nothing asks: of the exporters, which do not run, and of Alloy's own page. */
const UNASKED = ["loki-gateway-exporter", "alloy"];
/** What of an object, a pod and a container no process sees. Everything else has to be the same. */
const ONLY_IN_A_CLUSTER = {
  workload: [
    ...["podManagementPolicy", "updateStrategy", "strategy", "serviceName", "revisionHistoryLimit", "selector"],
    ...["minReadySeconds", "volumeClaimTemplates"],
  ],
  template: ["annotations"],
  labels: ["helm.sh/chart", "app.kubernetes.io/version"],
  pod: [
    ...["affinity", "automountServiceAccountToken", "dnsPolicy", "enableServiceLinks", "imagePullSecrets"],
    ...["nodeSelector", "priorityClassName", "serviceAccountName", "tolerations", "topologySpreadConstraints"],
  ],
  container: ["imagePullPolicy", "resources"],
  service: ["type", "internalTrafficPolicy"],
  configMap: ["access-log-exporter.yaml"],
};

const without = (map: Loose, names: readonly string[]): Loose =>
  Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));

/** A map without empty entries, which Kubernetes treats as missing. */
const present = (map: Loose): Loose =>
  Object.fromEntries(Object.entries(map).filter(([, v]) => v !== null && !(Array.isArray(v) && v.length === 0)));

/** Statements of an nginx.conf, whatever is between them. */
const statements = (text: string): string =>
  text
    .replace(/(^|\s)#.*$/gm, "")
    .replace(/\s+/g, " ")
    .trim();

/** How the files of ConfigMaps are compared. */
const READ_AS: Readonly<Record<string, (text: string) => unknown>> = {
  "config.yaml": parse,
  "runtime-config.yaml": parse,
  "nginx.conf": statements,
  "config.alloy": (text) => text.trim(),
};

function read(file: string, text: string): unknown {
  const as = READ_AS[file];
  assert.ok(as, `${file} is compared by nothing`);
  return as(text);
}

/** What of a chart's object, or of ours, a process sees. */
function seen({ kind, metadata: { name, namespace }, ...object }: Loose): Loose {
  if (kind === "ConfigMap") {
    const data = Object.entries(without(object.data, ONLY_IN_A_CLUSTER.configMap));
    return {
      kind,
      name,
      namespace,
      data: Object.fromEntries(data.map(([key, text]) => [key, read(key, String(text))])),
    };
  }
  if (kind === "Service") {
    const spec = without(object.spec, ONLY_IN_A_CLUSTER.service);
    // Port 9150 is the exporter's.
    const ports = spec.ports.filter(({ port }: Loose) => port !== 9150).map((p: Loose) => without(p, ["protocol"]));
    return { kind, name, namespace, spec: { ...spec, ports } };
  }
  const { template, ...spec } = without(object.spec, ONLY_IN_A_CLUSTER.workload);
  const { labels, ...metadata } = without(template.metadata, ONLY_IN_A_CLUSTER.template);
  const pod = present(without(template.spec, ONLY_IN_A_CLUSTER.pod));
  const containers = pod.containers
    .filter((container: Loose) => container.name !== "exporter")
    .map((container: Loose) => present(without(container, ONLY_IN_A_CLUSTER.container)));
  return {
    ...{ kind, name, namespace, spec, metadata },
    labels: without(labels, ONLY_IN_A_CLUSTER.labels),
    pod: { ...pod, containers },
  };
}

const byName = (manifests: readonly Manifest[]): Map<string, Manifest> =>
  new Map(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest]));

describe("without charts the processes get what the charts give them", { skip: chartsMissing() }, () => {
  for (const { what, change, stack } of STACK_CONFIGS) {
    it(what, async () => {
      for (const release of await releasesOf(change, stack)) {
        const charts = byName(
          (await helmTemplate(release)).filter(
            ({ kind, metadata }) =>
              !NOT_A_PROCESS.includes(kind) && !(kind === "Service" && UNASKED.includes(metadata.name)),
          ),
        );
        const ours = byName(objectsOfValues(release));
        assert.deepEqual([...ours.keys()].sort(), [...charts.keys()].sort());
        for (const [name, manifest] of charts) assert.deepEqual(seen(ours.get(name)), seen(manifest), name);
      }
    });
  }
});

describe("the mapping without charts", () => {
  for (const { what, change, stack } of STACK_CONFIGS) {
    it(`knows every value of ${what}`, async () => {
      for (const inputs of await releasesOf(change, stack)) assert.ok(objectsOfValues(inputs).length > 1, inputs.name);
    });
  }

  it("has every section of Loki's config that the pinned chart copies from the values", {
    skip: chartsMissing(),
  }, () => {
    const template: string = readChart("loki").values.loki.config;
    const sections = [...template.matchAll(/\{\{- with \.Values\.loki\.(\w+) \}\}\n\1:/g)].map(([, name]) => name);
    // It gets more than its values.
    assert.deepEqual([...SAME_IN_VALUES, "storage_config"].sort(), sections.sort());
  });

  it("refuses what it cannot do", async () => {
    for (const values of [
      { loki: { storage: { use_thanos_objstore: true } } },
      { loki: { querier: { engine: '{{ include "loki.unheard" . }}' } } },
      { chunksCache: { l2: { enabled: true } } },
      // What is read nowhere would be without effect.
      { write: { podLabels: { team: "platform" } } },
    ]) {
      const [loki] = await releasesOf((config) => {
        config.loki.values = values;
      });
      assert.throws(() => objectsOfValues(loki as ReleaseInputs), /^Error: without charts /, JSON.stringify(values));
    }
    const [loki] = await releasesOf(() => {});
    assert.throws(() => objectsOfValues({ ...(loki as ReleaseInputs), version: "1.0.0" }), /nothing is known of loki/);
  });

  it("makes a config that Loki accepts", { skip: programMissing("loki") }, async () => {
    for (const { what, change, stack } of STACK_CONFIGS) {
      const [loki] = await releasesOf(change, stack);
      const config: string = object(objectsOfValues(loki as ReleaseInputs), "ConfigMap", "loki").data["config.yaml"];
      const { status, output } = verifyLokiConfig(config);
      assert.equal(status, 0, `${what}: ${output}`);
    }
  });
});

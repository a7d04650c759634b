// The data source that Grafana's sidecar reads, with its login.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { grafanaDataSource, provisioningFile } from "../../../../components/grafana/dataSource.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, plan, planOf, problemAt, refusal, resource, stackFile } from "../../../harness/plannedStack.ts";

const planned = (dataSource: Loose, change: (config: Loose) => void = () => {}) =>
  plan(
    stackFile((config) => {
      config.grafana = { dataSource };
      change(config);
    }),
  );

describe("Grafana's data source", () => {
  it("is a Secret for the sidecar in Grafana's namespace, with a name that stays", async () => {
    const inputs = resource(await planned({ namespace: "grafana" }), "logging-grafana-data-source").inputs as Loose;
    assert.deepEqual(inputs.metadata, {
      name: "grafana-data-source-loki-prod-aks-a",
      namespace: "grafana",
      labels: { grafana_datasource: "1" },
    });
    // A replacement would end in the sidecar's deletion of the new file: both have the same name.
    assert.equal(inputs.immutable, undefined);
  });

  it("has a uid for which Grafana has room, whatever the cluster's name", async () => {
    for (const [length, begin] of [
      [35, "loki-"],
      [36, ""],
      [40, ""],
    ] as const) {
      const cluster = "c".repeat(length);
      const { resolved } = await load(stackFile());
      const { uid } = grafanaDataSource({ ...resolved, cluster: { ...resolved.cluster, name: cluster } }, "logging-1");
      assert.equal(uid, `${begin}${cluster}`);
    }
  });

  it("takes the label of another sidecar", async () => {
    const all = await planned({ namespace: "grafana", label: { key: "team/source", value: "" } });
    const { metadata } = resource(all, "logging-grafana-data-source").inputs as Loose;
    assert.deepEqual(metadata.labels, { "team/source": "" });
  });

  it("shows its password in no plan", async () => {
    const all = await planned({ namespace: "grafana" });
    const inputs = resource(all, "logging-grafana-data-source").inputs as Loose;
    assert.equal(inputs.stringData, "[secret]");
  });

  it("opens the gateway for Grafana's namespace", async () => {
    const policies = JSON.stringify((await planned({ namespace: "grafana" })).resources);
    assert.match(policies, /"kubernetes\.io\/metadata\.name":"grafana"/);
  });

  it("follows the rotation of the gateway's password, after Loki knows the new user", async () => {
    const second = await planned({ namespace: "grafana" }, (config) => {
      config.loki.gateway = { credentialsGeneration: 2 };
    });
    assert.equal((second.outputs.grafanaDataSource as Loose).basicAuthUser, "logging-2");
  });

  for (const [maxLines, maxEntries] of [
    [5001, 5000],
    [undefined, 999],
  ])
    it(`asks for no more lines than Loki answers: ${maxLines} of ${maxEntries}`, async () => {
      const file = stackFile((config) => {
        config.grafana = { dataSource: { namespace: "grafana", ...(maxLines && { maxLines }) } };
        config.loki.queries = { maxEntries };
      });
      const { text, fix } = problemAt(await refusal(file), "grafana.dataSource.maxLines");
      assert.match(text, new RegExp(`^${maxEntries} at most`));
      assert.match(fix, new RegExp(`^write ${maxEntries}`));
    });

  it("has links from trace ids, in a line's text and beside it", async () => {
    const { outputs } = await planned({ namespace: "grafana", maxLines: 5000, traces: { dataSourceUid: "tempo" } });
    const { jsonData } = outputs.grafanaDataSource as Loose;
    assert.equal(jsonData.maxLines, 5000);
    const [text, label] = jsonData.derivedFields;
    for (const line of [
      '{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","msg":"x"}',
      "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 x",
      '{"traceID": "4bf92f3577b34da6a3ce929d0e0e4736"}',
    ])
      assert.equal(new RegExp(text.matcherRegex).exec(line)?.[1], "4bf92f3577b34da6a3ce929d0e0e4736", line);
    assert.deepEqual([label.matcherType, label.matcherRegex, label.datasourceUid], ["label", "trace_id", "tempo"]);
  });

  it("is a file in which Grafana reads no environment variable", async () => {
    const { outputs } = await planned({ namespace: "grafana", traces: { dataSourceUid: "tempo" } });
    const file = provisioningFile(outputs.grafanaDataSource as never, "pass$HOME");
    const [source] = parse(file).datasources;
    assert.equal(source.secureJsonData.basicAuthPassword, "pass$$HOME");
    assert.equal(source.jsonData.derivedFields[0].url, "$${__value.raw}");
    assert.equal(source.basicAuthUser, "logging-1");
    assert.equal(source.editable, false);
  });

  it("is left out unless a stack asks for it", async () => {
    const { resources } = await planOf("prod-aks-a");
    assert.ok(!resources.some(({ name }) => name === "logging-grafana-data-source"));
  });

  for (const [what, dataSource, path, allowed] of [
    ["no namespace", {}, "namespace", /a value is needed/],
    ["a namespace that cannot exist", { namespace: "Grafana" }, "namespace", /a Kubernetes namespace/],
    ["a label that cannot exist", { namespace: "g", label: { key: "a b", value: "1" } }, "label.key", /key of a label/],
    [
      "an expression without a group",
      { namespace: "g", traces: { dataSourceUid: "t", pattern: "id=\\w+" } },
      "traces.pattern",
      /with a group/,
    ],
    [
      "text that is not an expression",
      { namespace: "g", traces: { dataSourceUid: "t", pattern: "(" } },
      "traces.pattern",
      /a regular expression/,
    ],
  ] as const)
    it(`with ${what} is refused`, async () => {
      const error = await refusal(
        stackFile((config) => {
          config.grafana = { dataSource };
        }),
      );
      assert.match(problemAt(error, `grafana.dataSource.${path}`).text, allowed);
    });
});

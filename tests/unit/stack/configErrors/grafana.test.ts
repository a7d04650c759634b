import type { Loose } from "../../../harness/manifest.ts";
import { describeMistakes, type Mistake } from "./mistakes.ts";

/** A mistake in one key of what Grafana gets. */
const mistake = (part: string, group: Loose, key: string, allowed: RegExp, fix: RegExp): Mistake => {
  const given = key.split(".").reduce<Loose>((value, name) => value?.[name], group);
  return {
    what: `${part}.${key}: ${JSON.stringify(given)}`,
    change: (c) => {
      c.grafana = { [part]: { namespace: "grafana", ...group } };
    },
    path: `grafana.${part}.${key}`,
    given,
    allowed,
    fix,
  };
};

const folder = (name: string): Mistake =>
  mistake("dashboards", { folder: name }, "folder", /^the name of a folder in Grafana/, /Grafana shows it/);

describeMistakes("a folder for the dashboards", [
  ...["../x", "a/../../b", "/etc/x", "a/b", "a\\b", "..", "."].map(folder),
  // Grafana skips directories with such a name.
  folder(".logs"),
  // Grafana's own.
  ...["General", "general"].map(folder),
  folder("x".repeat(190)),
]);

describeMistakes("a data source for traces", [
  ...["a/b", "Tempo Prod", "$" + "{tempo}", "x".repeat(41)].map((dataSourceUid) =>
    mistake(
      "dataSource",
      { traces: { dataSourceUid } },
      "traces.dataSourceUid",
      /^the uid of a data source/,
      /\/datasources\/edit\//,
    ),
  ),
]);

describeMistakes("a label of Grafana's sidecar", [
  ...["dataSource", "dashboards"].flatMap((part) => [
    mistake(
      part,
      { label: { key: "a..b/c", value: "1" } },
      "label.key",
      /the key of a label/,
      /^write grafana_(datasource|dashboard): /,
    ),
    mistake(part, { label: { key: "a", value: "a b" } }, "label.value", /a label value/, /show-labels/),
    mistake(part, { label: { key: "a" } }, "label.value", /^a value is needed: a label value/, /show-labels/),
    mistake(part, { namespace: "my.grafana" }, "namespace", /a Kubernetes namespace/, /kubectl get namespaces/),
  ]),
]);

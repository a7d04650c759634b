import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { ALLOY_RELEASE } from "../../releaseNames.ts";
import type { DashboardFacts } from "./facts.ts";

/** Chooses a data source of a type. */
export const dataSourceVariable = (name: string, type: "prometheus" | "loki", label: string): Builder<VariableModel> =>
  new DatasourceVariableBuilder(name).label(label).type(type);

/** Grafana's number for a query of label values in its Loki data source. */
const LABEL_VALUES = 1;

interface Chosen {
  readonly name: string;
  readonly label: string;
  readonly source: DataSourceRef;
  /** Of a label of Prometheus: `label_values(up, cluster)`. Of Loki: the label, and the streams that have it. */
  readonly values: string | { readonly label: string; readonly stream: string };
  /** What is chosen first. Without it, everything is. */
  readonly first?: string;
}

/** Chooses one value of a label, or all of them. */
export function labelVariable({ name, label, source, values, first }: Chosen): Builder<VariableModel> {
  const query =
    typeof values === "string" ? { query: values, refId: name } : { ...values, type: LABEL_VALUES, refId: name };
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  return first === undefined
    ? variable.multi(true).includeAll(true).allValue(".+").current({ text: "All", value: "$__all" })
    : variable.current({ text: first, value: first });
}

/** Chooses the cluster: the facts' own at first. Prometheus knows it from Alloy's metrics, and Loki from the label of each stream. */
export const clusterVariable = (
  source: DataSourceRef,
  { cluster, namespace }: DashboardFacts,
): Builder<VariableModel> =>
  labelVariable({
    name: "cluster",
    label: "Cluster",
    source,
    values:
      source.type === "loki"
        ? { label: "cluster", stream: "" }
        : `label_values(up{namespace="${namespace}", container="${ALLOY_RELEASE}"}, cluster)`,
    first: cluster,
  });

/** A text that a person types in. */
export const textVariable = (name: string, label: string): Builder<VariableModel> =>
  new TextBoxVariableBuilder(name).label(label).defaultValue("").current({ text: "", value: "" });

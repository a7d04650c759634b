import { z } from "zod";
import { count, explained, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { isLabelKey, labelValue, namespaceName } from "../kubernetesNames.ts";

/** Letters of a uid. Grafana's database has no room for more. */
export const LONGEST_UID = 40;

/** Letters of a folder's name. https://grafana.com/docs/grafana/latest/developers/http_api/folder/ */
const LONGEST_TITLE = 189;

/** How Grafana gets from a line to its trace. */
const traces = z.strictObject({
  /** `uid` of the data source with the traces: Tempo, or Azure Monitor. */
  dataSourceUid: text.refine(
    (uid) => new RegExp(`^[\\w-]{1,${LONGEST_UID}}$`).test(uid),
    explained({
      text: `the uid of a data source: letters, digits, - and _, ${LONGEST_UID} at most`,
      fix: "copy what follows /datasources/edit/ in the address of its settings in Grafana",
    }),
  ),
  /**
   * Finds the id in a line's text. Its first group is the id. It is a regular expression of JavaScript: the browser searches.
   * @default '"?trace_?[iI][dD]"?\s*[=:]\s*"?([0-9a-fA-F]{16,32})'
   */
  pattern: text
    .refine(
      (pattern) => groupsIn(pattern) > 0,
      explained({
        text: "a regular expression of JavaScript with a group for the id, in parentheses",
        fix: "write it like traceId=(\\w+), or leave it out",
      }),
    )
    .default('"?trace_?[iI][dD]"?\\s*[=:]\\s*"?([0-9a-fA-F]{16,32})'),
});

/** Groups of an expression; 0 if it is not one. */
function groupsIn(pattern: string): number {
  try {
    return (new RegExp(`${pattern}|`).exec("")?.length ?? 1) - 1;
  } catch {
    return 0;
  }
}

/**
 * The sidecar makes a directory of that name, and Grafana a folder of the directory. Grafana takes the last part of a path alone, and skips
 * directories that begin with a dot. A path with `..` leads out of the directory in which it looks for dashboards.
 * https://github.com/grafana/grafana/blob/main/pkg/services/provisioning/dashboards/file_reader.go
 */
const isFolder = (name: string): boolean =>
  name.length <= LONGEST_TITLE && !/^\.|[/\\]/.test(name) && name.toLowerCase() !== "general";

/** The label that a sidecar of Grafana's chart looks for. */
const sidecarLabel = (fallback: string) =>
  z
    .strictObject({
      /** Key of the label. */
      key: text.refine(
        isLabelKey,
        explained({
          text: "the key of a label: letters, digits, -, _ and .",
          fix: `write ${fallback}: the default of Grafana's chart`,
        }),
      ),
      /** Value of the label. */
      value: labelValue,
    })
    .default({ key: fallback, value: "1" });

const dataSource = z.strictObject({
  /** Grafana's namespace, in which the Secret is made. It may read through the gateway, as if `network.readerNamespaces` named it. */
  namespace: namespaceName,
  /**
   * The label that Grafana's sidecar looks for: `sidecar.datasources.label` and `labelValue` of its chart.
   * @default { key: "grafana_datasource", value: "1" }
   */
  label: sidecarLabel("grafana_datasource"),
  /**
   * Lines that Grafana asks for at once, `loki.queries.maxEntries` at most.
   * @default 1000
   */
  maxLines: count.default(1000),
  /**
   * Turns trace ids into links.
   * @default - no links
   */
  traces: traces.optional(),
});

const dashboards = z.strictObject({
  /** Grafana's namespace, in which the ConfigMaps are made. */
  namespace: namespaceName,
  /**
   * The label that Grafana's sidecar looks for: `sidecar.dashboards.label` and `labelValue` of its chart.
   * @default { key: "grafana_dashboard", value: "1" }
   */
  label: sidecarLabel("grafana_dashboard"),
  /**
   * The folder in Grafana, as the annotation `grafana_folder`. The sidecar reads it if `sidecar.dashboards.folderAnnotation` has that name, and
   * Grafana makes the folder if `sidecar.dashboards.provider.foldersFromFilesStructure` is true.
   * @default "Log platform"
   */
  folder: text
    .refine(
      isFolder,
      explained({
        text: `the name of a folder in Grafana: without / and \\, not . at its beginning, ${LONGEST_TITLE} letters at most, and not General, which Grafana keeps for itself`,
        fix: "write it as Grafana shows it, and of a folder inside another one its own name alone: Log platform",
      }),
    )
    .default("Log platform"),
});

/** Arguments of what Grafana gets. */
export const grafanaArgs = z.strictObject({
  /**
   * Loki as a data source with its login, as a Secret for the sidecar of Grafana's chart. The password rotates with the gateway's.
   * https://github.com/grafana-community/helm-charts/tree/main/charts/grafana#sidecar-for-datasources
   * @default - no Secret; the output `grafanaDataSource` has everything but the password
   */
  dataSource: dataSource.optional(),
  /**
   * Dashboards for a person on call, as ConfigMaps for the sidecar of Grafana's chart: health, who logs what, Alloy by node, and the lines
   * of an incident. `npm run render` writes them as files for Grafana elsewhere.
   * https://github.com/grafana-community/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards
   * @default - no ConfigMaps
   */
  dashboards: dashboards.optional(),
});

/** Checks that Loki answers what Grafana asks for: it refuses a query for more lines than its limit. */
export function checkMaxLines(maxLines: number | undefined, maxEntries: number, findings: Findings): void {
  findings.check(maxLines === undefined || maxLines <= maxEntries, {
    subject: "grafana.dataSource.maxLines",
    given: maxLines,
    text: `${maxEntries} at most, which is loki.queries.maxEntries: Loki refuses a query for more lines`,
    fix: `write ${maxEntries}, or raise loki.queries.maxEntries`,
  });
}

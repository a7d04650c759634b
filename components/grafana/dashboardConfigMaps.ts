import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../args.ts";
import { dashboardFacts } from "./dashboards/facts.ts";
import { DASHBOARD_NAMES, dashboardFile } from "./dashboards/names.ts";

/**
 * Registers the dashboards as ConfigMaps in Grafana's namespace. Their names are fixed, for the reason that the data source's is: the
 * sidecar deletes the file of a ConfigMap that is replaced.
 */
export function createDashboards(name: string, args: ResolvedArgs, opts: pulumi.CustomResourceOptions): void {
  const { dashboards } = args.grafana;
  if (!dashboards) return;
  const { namespace, label, folder } = dashboards;
  // Grafana's SDK takes a tenth of a second to load, which only a stack with dashboards pays for.
  const files = pulumi.output(
    import("./dashboards/all.ts").then(({ dashboardFiles }) => dashboardFiles(dashboardFacts(args))),
  );
  for (const dashboard of DASHBOARD_NAMES)
    new ConfigMap(
      `${name}-dashboard-${dashboard}`,
      {
        metadata: {
          name: `log-platform-dashboard-${dashboard}`,
          namespace,
          labels: { [label.key]: label.value },
          annotations: { grafana_folder: folder },
        },
        data: { [dashboardFile(dashboard)]: files[dashboard] },
      },
      opts,
    );
}

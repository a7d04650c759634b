import type { ResolvedArgs } from "../../args.ts";
import type { Alerting } from "../args.ts";
import { expressions } from "../expressions.ts";
import type { AlertContext, AlertGroup } from "./alert.ts";
import { collectorAlerts } from "./collector.ts";
import { eventsAlerts } from "./events.ts";
import { journalAlerts } from "./journal.ts";
import { lokiAlerts, storageAlerts } from "./loki.ts";
import { canaryAlerts, platformAlerts } from "./platform.ts";

/**
 * Every alert of the platform. The expressions belong to the versions in the two `chart.ts` files: tests/pipeline/scenarios/metrics.test.ts
 * compares them with what these versions report.
 */
export function alertGroups(args: ResolvedArgs, { thresholds }: Alerting): AlertGroup[] {
  const here = `cluster="${args.cluster.name}", namespace="${args.namespace}"`;
  const context: AlertContext = { args, thresholds, here, shared: expressions(here, args.namespace) };
  return [
    {
      name: "collector",
      alerts: [
        ...collectorAlerts(context),
        ...(args.alloy.events.enabled ? eventsAlerts(context) : []),
        ...(args.alloy.journal.units.length > 0 ? journalAlerts(context) : []),
      ],
    },
    { name: "loki", alerts: lokiAlerts(context) },
    { name: "storage", alerts: storageAlerts(context) },
    {
      name: "platform",
      alerts: [...(args.loki.canary ? canaryAlerts(context) : []), ...platformAlerts(context)],
    },
  ];
}

import type { ResolvedArgs } from "../args.ts";

/**
 * Grafana's definition of the data source. The password is in the Secret that the output `gatewayLoginSecret` names.
 * https://grafana.com/docs/grafana/latest/datasources/loki/configure-loki-data-source/
 */
export const grafanaDataSource = (args: ResolvedArgs, username: string) => ({
  name: `Loki ${args.cluster.name}`,
  type: "loki",
  uid: `loki-${args.cluster.name}`,
  access: "proxy",
  url: args.queryUrl,
  basicAuth: true,
  basicAuthUser: username,
  jsonData: { maxLines: 1000, timeout: args.loki.queries.timeoutSeconds },
});

/** A data source in Grafana's provisioning format. */
export type GrafanaDataSource = ReturnType<typeof grafanaDataSource>;

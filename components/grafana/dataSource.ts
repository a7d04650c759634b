import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { ResolvedArgs } from "../args.ts";
import { LONGEST_UID } from "./args.ts";

/** A field that Grafana finds in lines, or in their labels and metadata. */
interface DerivedField {
  readonly name: string;
  readonly matcherType: "regex" | "label";
  readonly matcherRegex: string;
  readonly datasourceUid: string;
  readonly url: string;
}

/**
 * Grafana's definition of the data source, without the password.
 * https://grafana.com/docs/grafana/latest/datasources/loki/configure-loki-data-source/
 */
export function grafanaDataSource(args: ResolvedArgs, username: string) {
  const { dataSource } = args.grafana;
  const uid = `loki-${args.cluster.name}`;
  const derivedFields = dataSource?.traces && traceFields(dataSource.traces);
  return {
    name: `Loki ${args.cluster.name}`,
    type: "loki",
    // A cluster's name has 40 letters at most.
    uid: uid.length <= LONGEST_UID ? uid : args.cluster.name,
    access: "proxy",
    url: args.queryUrl,
    basicAuth: true,
    basicAuthUser: username,
    jsonData: {
      maxLines: dataSource?.maxLines ?? 1000,
      timeout: args.loki.queries.timeoutSeconds,
      ...(derivedFields && { derivedFields }),
    },
  };
}

/** A data source in Grafana's provisioning format. */
export type GrafanaDataSource = ReturnType<typeof grafanaDataSource>;

/** The id in the text of a line, and the id that OpenTelemetry puts beside it. */
const traceFields = ({ dataSourceUid, pattern }: { dataSourceUid: string; pattern: string }): DerivedField[] => {
  const link = { datasourceUid: dataSourceUid, url: "${__value.raw}" };
  return [
    { name: "trace", matcherType: "regex", matcherRegex: pattern, ...link },
    { name: "trace_id", matcherType: "label", matcherRegex: "trace_id", ...link },
  ];
};

/** Grafana replaces `$NAME` in these files by an environment variable, and `$$` by `$`. */
const escaped = (value: unknown): unknown => {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escaped(part)]));
};

/** The file that Grafana reads. https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources */
export const provisioningFile = (dataSource: GrafanaDataSource, password: string): string =>
  stringify(
    escaped({
      apiVersion: 1,
      datasources: [{ ...dataSource, editable: false, secureJsonData: { basicAuthPassword: password } }],
    }),
  );

/**
 * Registers the Secret with the data source in Grafana's namespace.
 *
 * Its name is fixed, and it is not immutable, so that a new password updates it in place (`enableSecretMutable` of the provider). The
 * sidecar names the file after the key in the Secret. Were the Secret replaced, the sidecar would delete the file of the new one together
 * with the old one, or leave Grafana without the data source in between.
 */
export function createDataSourceSecret(
  name: string,
  args: ResolvedArgs,
  login: { readonly username: string; readonly password: pulumi.Output<string> },
  opts: pulumi.CustomResourceOptions,
): Secret | undefined {
  const { dataSource } = args.grafana;
  if (!dataSource) return undefined;
  const { namespace, label } = dataSource;
  const definition = grafanaDataSource(args, login.username);
  return new Secret(
    `${name}-grafana-data-source`,
    {
      metadata: {
        name: `grafana-data-source-${definition.uid}`,
        namespace,
        labels: { [label.key]: label.value },
      },
      type: "Opaque",
      stringData: {
        [`${definition.uid}.yaml`]: pulumi.secret(login.password).apply((text) => provisioningFile(definition, text)),
      },
    },
    opts,
  );
}

// What is measured: the stack's values, the seed's, and the stack's with changes.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { helmTemplate, type Manifest } from "../../automation/plan/helmTemplate.ts";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { escapeForHelm } from "../../components/alloy/values.ts";
import { mergeValues, type Values } from "../../components/helm/mergeValues.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import type { Loose } from "../../tests/harness/manifest.ts";
import { newKeys, type RenderedStack, renderStack } from "../../tests/harness/runningStack/renderedStack.ts";

/** How one side is rendered, and how its own labels are asked for. */
export interface Side {
  readonly name: string;
  readonly render: (caFile: string) => Promise<RenderedStack>;
  readonly queries: {
    readonly everything: string;
    readonly application: (namespace: string, container: string) => string;
    readonly errorsByNamespace: (filter: string) => string;
  };
}

const STACK = "prod-aks-a";

/** The stack as it is deployed, with values of the escape hatch on top where a comparison wants them. */
export const stackSide = (name = "stack", over: { loki?: Values; alloy?: Values } = {}): Side => ({
  name,
  render: (caFile) =>
    renderStack({
      stack: STACK,
      caFile,
      change: (config) => {
        config.loki.values = over.loki;
        config.alloy.values = over.alloy;
      },
    }),
  queries: {
    everything: `{cluster="${STACK}"}`,
    application: (namespace, container) => `{namespace="${namespace}", container="${container}"}`,
    errorsByNamespace: (filter) =>
      `sum by (namespace) (rate({cluster="${STACK}"} ${filter} | detected_level="error" [5m]))`,
  },
});

/** The seed's policy. */
const seedPolicy = (bucket: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:*"], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
    ],
  });

const seedValues = (release: string): Values =>
  parse(readFileSync(new URL(`../seed/${release}.values.yaml`, import.meta.url), "utf8"));

/** What the harness wants of the seed's Loki: MinIO's certificate is by a private CA, which the seed does not mention. */
const TRUSTS_THE_HARNESS = {
  defaults: {
    extraVolumes: [{ name: "minio-ca", configMap: { name: "minio-ca" } }],
    extraVolumeMounts: [{ name: "minio-ca", mountPath: "/etc/ssl/certs" }],
  },
};

/** The seed, as `bench/seed` has it. */
export const seedSide: Side = {
  name: "seed",
  render: async (caFile) => {
    const namespace = "logging";
    const bucket = `loki-${STACK}`;
    const release = (chart: typeof LOKI_CHART | typeof ALLOY_CHART, values: Values): Promise<Manifest[]> =>
      helmTemplate({
        ...{ name: chart.name, namespace, chart: chart.name, version: chart.version, timeout: 0 },
        ...{ repositoryOpts: { repo: chart.repository }, values },
      });
    const manifests = [
      ...(await release(LOKI_CHART, mergeValues(seedValues("loki"), TRUSTS_THE_HARNESS))),
      ...(await release(ALLOY_CHART, seedValues("alloy"))),
      // No program of the canary is here, which the chart brings unasked.
    ].filter(({ metadata }) => metadata.name !== "loki-canary");
    const configMaps: Record<string, Record<string, string>> = {
      "minio-ca": { "ca-certificates.crt": readFileSync(caFile, "utf8") },
    };
    for (const { kind, metadata, data } of manifests)
      if (kind === "ConfigMap") configMaps[metadata.name] = { ...(data as object) };
    const storageKeys = newKeys(bucket);
    const queryUrl = `http://loki-gateway.${namespace}.svc.cluster.local`;
    const refused = (): never => {
      throw new Error("the seed rotates nothing");
    };
    return {
      ...{ name: STACK, namespace, bucket, manifests, storageKeys, queryUrl, pushUrl: `${queryUrl}/loki/api/v1/push` },
      policy: { name: bucket, document: seedPolicy(bucket) },
      objects: {
        configMaps,
        secrets: {
          "minio-credentials": {
            MINIO_ACCESS_KEY: storageKeys.accessKey,
            MINIO_SECRET_KEY: storageKeys.secretKey,
          },
        },
      },
      gatewayLogin: newKeys("nobody"),
      setStorageKeys: refused,
      setGatewayUsers: refused,
      setCertificateAuthority: refused,
    };
  },
  queries: {
    everything: `{cluster="aks-prod-a"}`,
    application: (namespace, container) => `{instance=~"${namespace}/.+:${container}"}`,
    errorsByNamespace: (filter) =>
      `sum by (namespace) (label_replace(rate({cluster="aks-prod-a"} ${filter} | detected_level="error" [5m]), "namespace", "$1", "instance", "([^/]+)/.+"))`,
  },
};

/**
 * A change of the stack's values from the command line: `name={"loki": {...}, "alloy": {...}}`, and `"pipeline"` names a file that
 * takes the place of components/alloy/pod-logs.alloy.
 */
export function comparedSide(argument: string): Side {
  const [, name = "", json = ""] = /^([^=]+)=(\{.*)$/s.exec(argument) ?? [];
  if (name === "") throw new Error(`--with wants name={"loki": {...}}, not ${argument}`);
  const { loki, alloy = {}, pipeline } = JSON.parse(json) as Loose;
  const content = pipeline && { alloy: { configMap: { content: escapeForHelm(readFileSync(pipeline, "utf8")) } } };
  return stackSide(name, { loki, alloy: mergeValues(alloy, content ?? {}) });
}

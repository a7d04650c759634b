// What is compared: the stack's values, the seed's, and the stack's with changes.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { helmTemplate } from "../../automation/plan/helmTemplate.ts";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { escapeForHelm } from "../../components/alloy/values.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { mergeValues, type Values } from "../../components/helm/mergeValues.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import type { Loose } from "../../tests/harness/manifest.ts";
import { newKeys, type RenderedStack, renderStack } from "../../tests/harness/runningStack/renderedStack.ts";

/** One way to run the pipeline, and the queries that fit its labels. */
export interface Variant {
  readonly name: string;
  /** @param loki more values of Loki. */
  readonly render: (caFile: string, loki?: Values) => Promise<RenderedStack>;
  readonly queries: {
    readonly everything: string;
    readonly application: (namespace: string, container: string) => string;
    readonly errorsByNamespace: (filter: string) => string;
  };
}

const STACK = "prod-aks-a";

/** What only this variant of the stack has: values of the escape hatches, and arguments in `alloy`. */
interface Changes {
  readonly loki?: Values;
  readonly alloy?: Values;
  readonly args?: Values;
}

/** The stack as it is deployed, or with changes. */
export const stackVariant = (name = "stack", { loki, alloy, args }: Changes = {}): Variant => ({
  name,
  render: (caFile, more = {}) =>
    renderStack({
      stack: STACK,
      caFile,
      change: (config) => {
        // It writes a line each second, so the writers' memory would never be empty.
        config.loki.canary = false;
        config.loki.values = mergeValues(loki ?? {}, more);
        config.alloy = { ...config.alloy, ...args, values: alloy };
      },
    }),
  queries: {
    everything: `{cluster="${STACK}"}`,
    application: (namespace, container) => `{namespace="${namespace}", container="${container}"}`,
    errorsByNamespace: (filter) =>
      `sum by (namespace) (rate({cluster="${STACK}"} ${filter} | detected_level="error" [5m]))`,
  },
});

/** The seed's values in `bench/seed`. */
export const seedVariant: Variant = {
  name: "seed",
  render: renderSeed,
  queries: {
    everything: `{cluster="aks-prod-a"}`,
    application: (namespace, container) => `{instance=~"${namespace}/.+:${container}"}`,
    errorsByNamespace: (filter) =>
      `sum by (namespace) (label_replace(rate({cluster="aks-prod-a"} ${filter} | detected_level="error" [5m]), "namespace", "$1", "instance", "([^/]+)/.+"))`,
  },
};

async function renderSeed(caFile: string, more: Values = {}): Promise<RenderedStack> {
  const namespace = "logging";
  const bucket = `loki-${STACK}`;
  const manifests = await seedManifests(namespace, more);
  const configMaps: Record<string, Record<string, string>> = {
    "minio-ca": { "ca-certificates.crt": readFileSync(caFile, "utf8") },
  };
  for (const { kind, metadata, data } of manifests)
    if (kind === "ConfigMap") configMaps[metadata.name] = { ...(data as object) };
  const storageKeys = newKeys(bucket);
  const { accessKey, secretKey } = storageKeys;
  const secrets = { "minio-credentials": { MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey } };
  const queryUrl = `http://loki-gateway.${namespace}.svc.cluster.local`;
  const refuse = (): never => {
    throw new Error("the seed has no rotation");
  };
  return {
    ...{ name: STACK, namespace, bucket, manifests, storageKeys, queryUrl, pushUrl: `${queryUrl}/loki/api/v1/push` },
    policy: { name: bucket, document: seedPolicy(bucket) },
    objects: { configMaps, secrets },
    gatewayLogin: newKeys("unused"),
    setStorageKeys: refuse,
    setGatewayUsers: refuse,
    setCertificateAuthority: refuse,
  };
}

/** The objects of a release. */
export const releaseOf = (
  chart: typeof LOKI_CHART | typeof ALLOY_CHART,
  values: Values,
  namespace: string,
): Promise<Manifest[]> =>
  helmTemplate({
    ...{ name: chart.name, namespace, chart: chart.name, version: chart.version, timeout: 0 },
    ...{ repositoryOpts: { repo: chart.repository }, values },
  });

async function seedManifests(namespace: string, more: Values): Promise<Manifest[]> {
  const manifests = [
    ...(await releaseOf(LOKI_CHART, mergeValues(mergeValues(seedValues("loki"), MINIO_CA), more), namespace)),
    ...(await releaseOf(ALLOY_CHART, seedValues("alloy"), namespace)),
  ];
  // The chart adds a canary by default, and this machine has no program for it.
  return manifests.filter(({ metadata }) => metadata.name !== "loki-canary");
}

const seedValues = (release: string): Values =>
  parse(readFileSync(new URL(`../seed/${release}.values.yaml`, import.meta.url), "utf8"));

/** MinIO's certificate in the harness is from a private CA, which the seed's Loki would not trust. */
const MINIO_CA = {
  defaults: {
    extraVolumes: [{ name: "minio-ca", configMap: { name: "minio-ca" } }],
    extraVolumeMounts: [{ name: "minio-ca", mountPath: "/etc/ssl/certs" }],
  },
};

/** The seed's policy. */
const seedPolicy = (bucket: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:*"], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
    ],
  });

/**
 * The stack with changed values.
 *
 * @param argument `name={"loki": {...}, "alloy": {...}, "args": {...}, "pipeline": "..."}`: values of both releases, arguments in `alloy`,
 * and a file that replaces components/alloy/pod-logs.yaml.
 */
export function changedVariant(argument: string): Variant {
  const { name, changes } = named(argument, "--with");
  const { loki, alloy = {}, args, pipeline } = changes;
  const content = pipeline && { alloy: { configMap: { content: escapeForHelm(readFileSync(pipeline, "utf8")) } } };
  return stackVariant(name, { loki, alloy: mergeValues(alloy, content ?? {}), args });
}

/** A variant whose readers have changed values. @param argument `name={"loki": {...}}` */
export function withReaders(variant: Variant, argument: string): Variant {
  const { name, changes } = named(argument, "--readers");
  return { ...variant, name, render: (caFile) => variant.render(caFile, changes.loki) };
}

function named(argument: string, option: string): { name: string; changes: Loose } {
  const [, name = "", json = ""] = /^([^=]+)=(\{.*)$/s.exec(argument) ?? [];
  if (name === "") throw new Error(`${option} needs name={"loki": {...}}, not ${argument}`);
  return { name, changes: JSON.parse(json) };
}

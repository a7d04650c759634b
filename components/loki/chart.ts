/** The Loki chart of the Grafana community. `grafana/loki` on grafana.github.io is now another product (Enterprise Logs). */
export const LOKI_CHART = {
  name: "loki",
  repository: "https://grafana-community.github.io/helm-charts",
  /** Chart 18.11.0 brings Loki 3.7.6. Change it only together with CHANGELOG.md. */
  version: "18.11.0",
  appVersion: "3.7.6",
} as const;

/**
 * The top-level keys of the chart's values.yaml. The chart itself accepts any key and ignores unknown ones. Update the list with `version`:
 * tests/charts/valueKeys.test.ts compares it with tests/fixtures/charts and shows which keys are new or gone.
 */
export const LOKI_CHART_KEYS: readonly string[] = `
  kubeVersionOverride global nameOverride fullnameOverride namespaceOverride imagePullSecrets deploymentMode
  commonLabels defaults loki test lokiCanary serviceAccount rbac networkPolicy memberlist gateway ingress route migrate
  podDisruptionBudget singleBinary write read backend ingester distributor querier queryFrontend queryScheduler
  indexGateway compactor bloomGateway bloomPlanner bloomBuilder patternIngester ruler overridesExporter memcached
  memcachedExporter resultsCache chunksCache rollout_operator ignoreMinioDeprecation minio extraObjects sidecar
  monitoring tableManager
`
  .trim()
  .split(/\s+/);

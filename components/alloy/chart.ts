/** The Alloy chart. */
export const ALLOY_CHART = {
  name: "alloy",
  repository: "https://grafana.github.io/helm-charts",
  /** Chart 1.11.1 brings Alloy 1.18.1. Changed only together with CHANGELOG.md. */
  version: "1.11.1",
  appVersion: "v1.18.1",
} as const;

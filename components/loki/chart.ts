/** The Loki chart of the Grafana community. `grafana/loki` on grafana.github.io is another product by now (Enterprise Logs). */
export const LOKI_CHART = {
  name: "loki",
  repository: "https://grafana-community.github.io/helm-charts",
  /** Chart 18.11.0 brings Loki 3.7.6. Changed only together with CHANGELOG.md. */
  version: "18.11.0",
  appVersion: "3.7.6",
} as const;

import { readKnownKeys } from "../helm/knownKeys.ts";

/** The Alloy chart. https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy */
export const ALLOY_CHART = {
  name: "alloy",
  repository: "https://grafana.github.io/helm-charts",
  /** Chart 1.11.1 brings Alloy 1.18.1. Change it only together with CHANGELOG.md. */
  version: "1.11.1",
  appVersion: "v1.18.1",
} as const;

/** The keys of the chart's values. The chart itself accepts any key and ignores unknown ones. */
export const ALLOY_CHART_KEYS = readKnownKeys(new URL("chartKeys.txt", import.meta.url));

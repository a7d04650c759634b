import type { Values } from "../helm/mergeValues.ts";
import { ALLOY_CHART } from "./chart.ts";

/** The image of Alloy by the values of its chart, and by the chart's own rules. */
export function alloyImage({ image = {}, global = {} }: Record<string, Values>): string {
  const { registry = "docker.io", repository = "grafana/alloy", tag, digest } = image as Record<string, string>;
  const from = (global.image as Values | undefined)?.registry || registry;
  if (digest) return `${from}/${repository}@sha256:${digest.replace(/^sha256:/, "")}`;
  return `${from}/${repository}:${tag || ALLOY_CHART.appVersion}`;
}

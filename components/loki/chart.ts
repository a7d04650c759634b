import { type KnownKeys, keysAt, readKnownKeys } from "../helm/knownKeys.ts";
import { TENANT } from "./effectiveConfig.ts";

/** The Loki chart of the Grafana community. `grafana/loki` on grafana.github.io is now another product (Enterprise Logs). */
export const LOKI_CHART = {
  name: "loki",
  repository: "https://grafana-community.github.io/helm-charts",
  /** Chart 18.11.0 brings Loki 3.7.6. Change it only together with CHANGELOG.md. */
  version: "18.11.0",
  appVersion: "3.7.6",
} as const;

/** The keys of the chart's values. The chart itself accepts any key and ignores unknown ones. */
export const LOKI_CHART_KEYS = readKnownKeys(new URL("chartKeys.txt", import.meta.url));

/** The keys of Loki's own config. Loki refuses unknown ones, and does not start. */
export const LOKI_CONFIG_KEYS = readKnownKeys(new URL("configKeys.txt", import.meta.url));

/** Sections of Loki's config that the chart's values have under another name. */
const RENAMED: Readonly<Record<string, string>> = { commonConfig: "common", extraMemberlistConfig: "memberlist" };

/** Sections of the chart's values that are not passed on to Loki as they are. */
const OF_THE_CHART = ["storage", "schema_config"];

/** The keys of Loki's config at every place in the chart's values that it is made of. */
export const LOKI_CONFIG_IN_VALUES: KnownKeys = configInValues();

function configInValues(): KnownKeys {
  const sections = [...LOKI_CONFIG_KEYS].filter(([path]) => path !== "");
  const names = LOKI_CHART_KEYS.get("loki") ?? [];
  const isPassedOn = (path: string): boolean => {
    const [section = ""] = path.split(".");
    return names.includes(section) && !OF_THE_CHART.includes(section);
  };
  const renamed = Object.entries(RENAMED).flatMap(([value, section]) =>
    sections
      .filter(([path]) => path === section || path.startsWith(`${section}.`))
      .map(([path, keys]) => [`loki.${path.replace(section, value)}`, keys] as const),
  );
  const limits = sections
    .filter(([path]) => /^limits_config(\.|$)/.test(path))
    .map(([path, keys]) => [path.replace("limits_config", `loki.runtimeConfig.overrides.${TENANT}`), keys] as const);
  return new Map([
    ...sections.filter(([path]) => isPassedOn(path)).map(([path, keys]) => [`loki.${path}`, keys] as const),
    ...renamed,
    ...limits,
    ...keysAt(LOKI_CONFIG_KEYS, "loki.structuredConfig"),
  ]);
}

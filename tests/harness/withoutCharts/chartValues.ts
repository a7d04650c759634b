import type { ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { mergeValues } from "../../../components/helm/mergeValues.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { readChartFacts } from "../chartFacts.ts";
import type { Loose } from "../manifest.ts";

/** A release as its chart's templates see it. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  /** The program's version, which is the image's tag unless a value differs. */
  readonly appVersion: string;
  /** The chart's own values, with the release's merged into them. */
  readonly values: Loose;
}

/** A release of a pinned chart. @param defaults the chart's own values. Default: those that are known without the chart. */
export function chartRelease(
  { name, namespace, version, values }: ReleaseInputs,
  defaults: Loose = readChartFacts(name, String(version)).defaults,
): ChartRelease {
  const chart = [LOKI_CHART, ALLOY_CHART].find((pinned) => pinned.name === name && pinned.version === version);
  if (!chart) throw new Error(`without charts nothing is known of ${name} ${version}`);
  return { name, namespace, appVersion: chart.appVersion, values: mergeValues(defaults, values) };
}

/** Whether a template takes a value as empty. https://helm.sh/docs/chart_template_guide/function_list/#empty */
export const isEmpty = (value: unknown): boolean =>
  !value || (typeof value === "object" && Object.keys(value).length === 0);

/** The first value that is not empty. */
export const coalesce = (...values: Loose[]): Loose => values.find((value) => !isEmpty(value));

/** A map without its empty entries. */
export const filled = (map: Record<string, Loose>): Record<string, Loose> =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => !isEmpty(value)));

/**
 * Expands the kinds of templates that the charts' own values contain: a value, a condition on a value, and expressions in `named`.
 *
 * @throws for every other template: unexpanded, it would pass as a name or an address.
 */
export function expand<T>(value: T, { values }: ChartRelease, named: Readonly<Record<string, string>>): T {
  const at = (path: string): Loose => path.split(".").reduce((map, key) => map?.[key], values);
  const text = (template: string): string =>
    template
      .replace(/\{\{ if \.Values\.([\w.]+) \}\}(.*?)\{\{ end \}\}/gs, (_, path, then) =>
        isEmpty(at(path)) ? "" : then,
      )
      .replace(/\{\{(.*?)\}\}/gs, (whole, inner) => {
        const expression = inner.trim().replace(/\s+/g, " ");
        const known = named[expression] ?? at(/^\$?\.Values\.([\w.]+)$/.exec(expression)?.[1] ?? "");
        if (known === undefined) throw new Error(`without charts there is no value for ${whole}`);
        return String(known);
      });
  const any = (part: Loose): Loose => {
    if (typeof part === "string") return text(part);
    if (Array.isArray(part)) return part.map(any);
    if (typeof part === "object" && part !== null)
      return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, any(inner)]));
    return part;
  };
  return any(value);
}

/** Address of an image, built by the rules of both charts. */
export function imageOf(global: string | null | undefined, image: Loose, defaults: Loose, appVersion: string): string {
  const part = (name: string): Loose => coalesce(image[name], defaults[name]);
  const address = [global || part("registry"), part("repository")].filter(Boolean).join("/");
  return part("digest") ? `${address}@${part("digest")}` : `${address}:${part("tag") ?? appVersion}`;
}

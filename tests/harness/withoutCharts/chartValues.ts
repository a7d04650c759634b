import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { mergeValues } from "../../../components/helm/mergeValues.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import type { Loose } from "../manifest.ts";

/** A release as its chart's templates see it. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  /** Version of the program, which is the image's tag where no value says another. */
  readonly appVersion: string;
  /** The chart's own values, and the release's over them. */
  readonly values: Loose;
}

/** The values.yaml of the pinned charts is in the repository, and its tests hold it against the charts. */
export function chartRelease({ name, namespace, version, values }: ReleaseInputs): ChartRelease {
  const chart = [LOKI_CHART, ALLOY_CHART].find((pinned) => pinned.name === name && pinned.version === version);
  const file = new URL(`../../fixtures/charts/${name}-${version}/values.yaml`, import.meta.url);
  if (!chart || !existsSync(file)) throw new Error(`without charts nothing is known of ${name} ${version}`);
  const own = parse(readFileSync(file, "utf8"));
  return { name, namespace, appVersion: chart.appVersion, values: mergeValues(own, values) };
}

/** What a template finds empty: https://helm.sh/docs/chart_template_guide/function_list/#empty */
export const isEmpty = (value: unknown): boolean =>
  !value || (typeof value === "object" && Object.keys(value).length === 0);

/** The first that is not empty. */
export const coalesce = (...values: Loose[]): Loose => values.find((value) => !isEmpty(value));

/** A map without the entries that are empty. */
export const filled = (map: Record<string, Loose>): Record<string, Loose> =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => !isEmpty(value)));

/**
 * Templates in texts of values, as far as the charts' own values have them: a value, a condition on a value, and what `named` knows by
 * its expression.
 *
 * @throws for every other one: a text that nobody expanded would be taken for a name or an address.
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
        if (known === undefined) throw new Error(`without charts nothing knows ${whole}`);
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

/** Address of an image, as both charts put it together. */
export function imageOf(global: string | null | undefined, image: Loose, defaults: Loose, appVersion: string): string {
  const part = (name: string): Loose => coalesce(image[name], defaults[name]);
  const address = [global || part("registry"), part("repository")].filter(Boolean).join("/");
  return part("digest") ? `${address}@${part("digest")}` : `${address}:${part("tag") ?? appVersion}`;
}

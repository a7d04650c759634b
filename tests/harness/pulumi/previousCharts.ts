import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import type { PulumiEngine } from "./pulumiEngine.ts";

/** The chart versions that `upgrade` comes from: those before the pinned ones. The only place where they stand. */
export const PREVIOUS_CHARTS = [
  { pinned: LOKI_CHART, previous: "18.10.1" },
  { pinned: ALLOY_CHART, previous: "1.11.0" },
] as const;

/** Commands for the previous charts that are not in the folder of charts. */
export const missingPreviousCharts = (charts: string): string[] =>
  PREVIOUS_CHARTS.filter(
    ({ pinned: { name }, previous }) => !existsSync(join(charts, `${name}-${previous}/Chart.yaml`)),
  ).map(
    ({ pinned: { name, repository }, previous }) =>
      `helm pull ${name} --repo ${repository} --version ${previous} --untar -d /tmp/previous-charts && mv /tmp/previous-charts/${name} "$LOGGING_CHARTS/${name}-${previous}"`,
  );

/**
 * Pins the previous versions in the project, and puts the previous charts into its chart folder. The address stays the same, as with a
 * repository. @returns a function that brings the pinned versions back.
 */
export function pinPreviousCharts(engine: PulumiEngine, charts: string): () => void {
  const link = join(engine.project, "charts");
  const before = join(engine.project, "previous-charts");
  mkdirSync(before, { recursive: true });
  const files = PREVIOUS_CHARTS.map(({ pinned: { name, version }, previous }) => {
    symlinkSync(join(charts, `${name}-${previous}`), join(before, name));
    const file = join(engine.project, `components/${name}/chart.ts`);
    const text = readFileSync(file, "utf8");
    if (!text.includes(`version: "${version}"`)) throw new Error(`${file} does not pin ${version}`);
    writeFileSync(file, text.replace(`version: "${version}"`, `version: "${previous}"`));
    return { file, text };
  });
  pointAt(link, before);
  return () => {
    for (const { file, text } of files) writeFileSync(file, text);
    pointAt(link, charts);
    rmSync(before, { recursive: true });
  };
}

function pointAt(link: string, folder: string): void {
  rmSync(link);
  symlinkSync(folder, link);
}

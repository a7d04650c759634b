import { spawnSync } from "node:child_process";
import { chartsMissing } from "../charts.ts";
import { builtOrOnPath, cannotBuild, findOrBuild, GO_PROGRAMS, type GoProgram } from "../goPrograms.ts";
import { onPath, PACKAGES, programMissing } from "../programs.ts";

/** Paths of the programs that a running stack starts. Those of Alloy and Prometheus are empty when they are missing. */
export type StackPrograms = Readonly<Record<GoProgram | keyof typeof PACKAGES | "alloy", string>>;

/** Why a test that needs Alloy is skipped. Alloy does not build from its Go module alone. */
export const alloyMissing = (): string | false => programMissing("alloy");

/** Why no alert can be evaluated. The charts bring the exporters, without which an alert fires. */
export const alertsMissing = (): string | false =>
  (!builtOrOnPath("prometheus") &&
    `${programMissing("prometheus")}, or npm run test:pipeline -- alerts, which builds it with go`) ||
  alloyMissing() ||
  chartsMissing();

/** Which parts of the stack are replaced by code of ours in this run, and how to run the real ones. */
export function standIns(): string[] {
  const [charts, alloy, alerts] = [chartsMissing(), alloyMissing(), alertsMissing()];
  return [
    charts &&
      `NO CHARTS: Loki's config, the gateway's and all pods come from the same values through a mapping of ours (tests/harness/withoutCharts), not from the charts. ${charts}`,
    alloy && `NO ALLOY: a pusher of ours takes its place. ${alloy}`,
    alerts && `NO ALERTS: no scenario compares which alerts fire. ${alerts}`,
  ].filter((line) => line !== false);
}

/** Why a stack cannot run on this machine, one line for each reason. */
export function requirementsMissing(): string[] {
  return [
    cannotMakeNamespaces(),
    ...(Object.keys(PACKAGES) as Array<keyof typeof PACKAGES>).map(programMissing),
    ...GO_PROGRAMS.map(cannotBuild),
  ].filter((line) => line !== false);
}

function cannotMakeNamespaces(): string | false {
  if (process.platform !== "linux") return "the tier needs Linux: its network is made of namespaces";
  if (process.getuid?.() !== 0) return "the tier needs root: run it with sudo, its network is made of namespaces";
  return (
    spawnSync("unshare", ["--net", "--mount", "--pid", "--fork", "true"]).status !== 0 &&
    "unshare --net --mount --pid is refused here: run it where namespaces may be made (a container needs --privileged)"
  );
}

/**
 * Finds every program, and builds those that are neither on PATH nor in the cache.
 *
 * @param also programs to build, if that is possible, although a stack runs without them.
 * @throws when a build fails.
 */
export async function findStackPrograms(also: readonly GoProgram[] = []): Promise<StackPrograms> {
  for (const name of also) if (!cannotBuild(name)) await findOrBuild(name);
  const paths: Record<string, string> = { prometheus: builtOrOnPath("prometheus") ?? "" };
  for (const name of ["alloy", ...Object.keys(PACKAGES)]) paths[name] = onPath(name) ?? "";
  for (const name of GO_PROGRAMS) paths[name] = await findOrBuild(name);
  return paths as StackPrograms;
}

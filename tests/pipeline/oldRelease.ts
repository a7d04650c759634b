// The collector of release 0.1. This file and its fixture can go in release 0.3, with components/alloy/oldBuffer.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import type { Loose } from "../harness/manifest.ts";
import { nodeFolder } from "../harness/pods/node.ts";
import { until } from "../harness/processes.ts";
import { renderReleases } from "../harness/runningStack/renderedStack.ts";
import type { RunningStack } from "../harness/runningStack/runningStack.ts";

/** Values of release 0.1 for prod-aks-a, as its program sent them. */
const VALUES = new URL("../fixtures/release-0.1.alloy.values.yaml", import.meta.url);

/** Files that the current release keeps on a node. */
const KEPT = ["lock", "offsets", "queue", "release-0.1-ended"];

/** Alloy's folder on the first node. */
const storage = ({ folder }: RunningStack): string => join(nodeFolder(folder, 0), "var/lib/alloy");

/**
 * Puts release 0.1 of Alloy on a node that has nothing of it.
 *
 * @returns a function that stops it and starts the current release, as a roll-out does.
 */
export async function startOldRelease(running: RunningStack): Promise<() => Promise<void>> {
  const { cluster, stack } = running;
  const { alloy } = cluster;
  const { name, version } = ALLOY_CHART;
  const values = parse(readFileSync(VALUES, "utf8"));
  const old: Loose[] = await renderReleases([
    { name, namespace: stack.namespace, chart: name, version, timeout: 600, values },
  ]);
  const ofKind = (kind: string): Loose => old.find((manifest) => manifest.kind === kind);
  const configMaps = stack.objects.configMaps as Record<string, Record<string, string>>;
  const current = { spec: alloy.spec, config: configMaps[name] as Record<string, string> };
  const use = (spec: Loose, config: Record<string, string>): void => {
    alloy.spec = spec;
    configMaps[name] = config;
    alloy.start();
  };
  await alloy.kill();
  rmSync(storage(running), { recursive: true });
  use(ofKind("DaemonSet").spec.template.spec, ofKind("ConfigMap").data);
  await cluster.waitUntilReady([alloy]);
  return async () => {
    await alloy.stop();
    use(current.spec, current.config);
    await cluster.waitUntilReady([alloy]);
  };
}

/** The files on the node that are not the current release's. */
export const oldFiles = (running: RunningStack): string[] =>
  readdirSync(storage(running)).filter((file) => !KEPT.includes(file));

/** Waits until release 0.1 has left nothing on the node. Its copies of rotated files would stay for ten minutes: they get that age. */
export async function untilOldFilesGone(running: RunningStack): Promise<void> {
  const copies = join(storage(running), "replay");
  for (const name of existsSync(copies) ? readdirSync(copies, { recursive: true, encoding: "utf8" }) : [])
    utimesSync(join(copies, name), 0, 0);
  await until("the old files are gone", async () => oldFiles(running).length === 0).catch(() => undefined);
  assert.deepEqual(oldFiles(running), []);
}

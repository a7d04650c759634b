import { setTimeout as sleep } from "node:timers/promises";
import type { Loose } from "../manifest.ts";

/** What the probe is asked of. */
export interface Probed {
  readonly address: string;
  readonly running: boolean;
  ready: boolean;
  /** Number of a container's port. */
  port(nameOrNumber: string | number): number;
}

/** Keeps `ready` up to date as the kubelet does: asks quickly until the pod is ready, then in the probe's own period. Never returns. */
export async function watchReadiness(pod: Probed, probe: Loose): Promise<void> {
  const period = (probe?.periodSeconds ?? 10) * 1000;
  let failures = 0;
  for (;;) {
    await sleep(pod.ready ? period : 500, undefined, { ref: false });
    if (!pod.running) continue;
    const ok = await succeeds(pod, probe);
    failures = ok ? 0 : failures + 1;
    if (ok && pod.running) pod.ready = true;
    else if (failures >= (probe?.failureThreshold ?? 3)) pod.ready = false;
  }
}

async function succeeds(pod: Probed, probe: Loose): Promise<boolean> {
  if (!probe?.httpGet) return true;
  const { port, path } = probe.httpGet;
  try {
    const response = await fetch(`http://${pod.address}:${pod.port(port)}${path}`, {
      signal: AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

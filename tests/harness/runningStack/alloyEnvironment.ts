import type { Loose } from "../manifest.ts";
import { type RunningStack, restartAlloy } from "./runningStack.ts";

/** Runs something while the first node's Alloy has other environment variables. Alloy is restarted before and after. */
export async function withAlloyEnvironment(
  running: RunningStack,
  changed: Readonly<Record<string, string>>,
  run: () => Promise<void>,
): Promise<void> {
  const { container } = running.cluster.alloy;
  const production = container.env;
  const unknown = Object.keys(changed).filter((name) => !production.some((v: Loose) => v.name === name));
  if (unknown.length > 0) throw new Error(`Alloy has no variable ${unknown.join(", ")}`);
  container.env = production.map((v: Loose) => (v.name in changed ? { name: v.name, value: changed[v.name] } : v));
  try {
    await restartAlloy(running);
    await run();
  } finally {
    container.env = production;
    await restartAlloy(running);
  }
}

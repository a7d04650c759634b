import type { Loose } from "../manifest.ts";
import { renderStack } from "./renderedStack.ts";
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

/** Runs something while the first node's Alloy has other arguments. Alloy is restarted before and after. */
export async function withAlloyArguments(running: RunningStack, args: Loose, run: () => Promise<void>): Promise<void> {
  const { container } = running.cluster.alloy;
  const { configMaps } = running.stack.objects;
  const production = { config: configMaps.alloy, env: container.env };
  const { manifests, objects } = await renderStack({
    stack: running.stack.name,
    caFile: running.store.ca.certificate,
    change: (config) => {
      config.alloy = { ...config.alloy, ...args };
    },
  });
  const daemonSet: Loose = manifests.find(({ kind }) => kind === "DaemonSet");
  const use = async ({ config, env }: Loose): Promise<void> => {
    Object.assign(configMaps, { alloy: config });
    container.env = env;
    await restartAlloy(running);
  };
  const { env } = daemonSet.spec.template.spec.containers.find((c: Loose) => c.name === container.name);
  try {
    await use({ config: objects.configMaps.alloy, env });
    await run();
  } finally {
    await use(production);
  }
}

import type { Loose } from "../manifest.ts";
import { renderStack } from "./renderedStack.ts";
import { type RunningStack, restartAlloy } from "./runningStack.ts";

/** Runs something while the first node's Alloy has other environment variables. Alloy is restarted before and after. */
export async function withAlloyEnvironment(
  running: RunningStack,
  changed: Readonly<Record<string, string>>,
  run: () => Promise<void>,
): Promise<void> {
  const { env, config } = settingsOf(running);
  const unknown = Object.keys(changed).filter((name) => !env.some((v: Loose) => v.name === name));
  if (unknown.length > 0) throw new Error(`Alloy has no variable ${unknown.join(", ")}`);
  const other = env.map((v: Loose) => (v.name in changed ? { name: v.name, value: changed[v.name] } : v));
  await withAlloy(running, { env: other, config }, run);
}

/** Runs something while the first node's Alloy has other arguments. Alloy is restarted before and after. */
export async function withAlloyArguments(running: RunningStack, args: Loose, run: () => Promise<void>): Promise<void> {
  const { manifests, objects } = await renderStack({
    stack: running.stack.name,
    caFile: running.store.ca.certificate,
    change: (config) => {
      config.alloy = { ...config.alloy, ...args };
    },
  });
  const daemonSet: Loose = manifests.find(({ kind }) => kind === "DaemonSet");
  const { name } = running.cluster.alloy.container;
  const { env } = daemonSet.spec.template.spec.containers.find((container: Loose) => container.name === name);
  await withAlloy(running, { env, config: objects.configMaps.alloy }, run);
}

/** What Alloy starts with. */
const settingsOf = ({ cluster, stack }: RunningStack): Loose => ({
  env: cluster.alloy.container.env,
  config: stack.objects.configMaps.alloy,
});

async function withAlloy(running: RunningStack, other: Loose, run: () => Promise<void>): Promise<void> {
  const production = settingsOf(running);
  const use = async ({ env, config }: Loose): Promise<void> => {
    running.cluster.alloy.container.env = env;
    Object.assign(running.stack.objects.configMaps, { alloy: config });
    await restartAlloy(running);
  };
  try {
    await use(other);
    await run();
  } finally {
    await use(production);
  }
}

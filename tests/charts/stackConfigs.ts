// Configs that lead to very different values.
import type { ReleaseInputs } from "../../automation/plan/helmTemplate.ts";
import type { Loose } from "../harness/manifest.ts";
import { plan, RELEASE, resource, STACKS, stackFile } from "../harness/plannedStack.ts";
import { smallestLoki } from "./renderedCharts.ts";

/** A change of a committed stack's config, with a description. */
export interface StackConfigCase {
  readonly what: string;
  readonly change: (config: Loose) => void;
  readonly stack?: (typeof STACKS)[number];
}

/** The committed stacks, and changes that reach most of the values. */
export const STACK_CONFIGS: readonly StackConfigCase[] = [
  ...STACKS.map((stack) => ({ what: stack, change: () => {}, stack })),
  { what: "the smallest Loki, without caches and CA, over plain HTTP, with two schema periods", change: smallestLoki },
  {
    what: "images of a mirror, and namespaces that are not collected",
    change: (config) => {
      config.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
      config.alloy = { exclude: ["kube-system", "shop/batch-*"] };
    },
  },
  {
    what: "the escape hatch: Loki's config, variables, arguments, volumes and the gateway's snippets",
    change: (config) => {
      config.loki.values = {
        defaults: { extraArgs: ["-log.level=debug"], extraEnv: [{ name: "GOGC", value: "50" }] },
        loki: {
          structuredConfig: { ingester: { chunk_idle_period: "1m" } },
          query_range: { max_retries: 3 },
          runtimeConfig: { overrides: { fake: { max_chunks_per_query: 400 } } },
        },
        write: {
          extraVolumes: [{ name: "more", emptyDir: {} }],
          extraVolumeMounts: [{ name: "more", mountPath: "/more" }],
        },
        gateway: { verboseLogging: true, nginxConfig: { clientMaxBodySize: "8M" } },
      };
    },
  },
];

/** Both releases of a changed stack. */
export async function releasesOf(change: (config: Loose) => void, stack = "prod-aks-a"): Promise<ReleaseInputs[]> {
  const planned = await plan(stackFile(change, { stack }));
  return ["loki", "alloy"].map(
    (name) => resource(planned, `logging-${name}`, RELEASE).inputs as unknown as ReleaseInputs,
  );
}

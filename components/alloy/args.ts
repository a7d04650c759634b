import { z } from "zod";
import { chartValues, count, explained, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { chartArgs, checkChart } from "../helm/chartSource.ts";
import { checkKnownKeys, keySource } from "../helm/knownKeys.ts";
import type { GivablePromise } from "../helm/promises/promise.ts";
import { checkNoSecrets } from "../helm/secretsInValues.ts";
import { checkNotFixed, checkNotOwned, type FixedValue } from "../helm/valuesChecks.ts";
import { checkResources, resources } from "../quantities.ts";
import { ALLOY_CHART, ALLOY_CHART_KEYS } from "./chart.ts";
import { dropRule } from "./drop.ts";
import { eventsArgs } from "./events/args.ts";
import { isExclusion } from "./exclusions.ts";
import { journalArgs } from "./journal/args.ts";
import { maskRule } from "./mask.ts";
import { multilineRule } from "./multiline.ts";

/** Arguments of Grafana Alloy. */
export const alloyArgs = z.strictObject({
  /** Where the chart comes from. The project pins the version. */
  chart: chartArgs.prefault({}),
  /**
   * Requests and limits. Grafana's figure is 1 CPU and 120 MiB per MiB/s of logs.
   * https://grafana.com/docs/alloy/latest/introduction/estimate-resource-usage/
   * @default { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } }
   */
  // No CPU limit: throttling the agent would turn a burst of logs into a backlog, and a backlog into lost files.
  resources: resources.default({ requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } }),
  /**
   * Pods that are not collected: a namespace (`kube-system`) or `namespace/pod`. In both, `*` stands for any characters (`load-*`).
   * @default []
   */
  exclude: z
    .array(
      text.refine(
        isExclusion,
        explained({
          text: "a namespace (kube-system, load-*), or namespace/pod (team-a/load-test-*), where * stands for any characters",
          fix: "write the namespace, which is not * alone; for a whole namespace leave out the /",
        }),
      ),
    )
    .default([]),
  /**
   * Lines that become one entry, such as stack traces. Of two rules for a container, the first one counts. A rule that comes or goes sends
   * what a node's files still hold of its containers again, in the other form (`docs/collecting.md`).
   * @default []
   */
  multiline: z.array(multilineRule).default([]),
  /**
   * Lines that are not sent, by level or text. Nothing brings them back. Alloy counts them by rule (`docs/collecting.md`).
   * @default []
   */
  drop: z.array(dropRule).default([]),
  /**
   * What is masked in lines, before they reach the node's queue, Loki and MinIO. A line's metadata `masked` names what was found in it
   * (`docs/collecting.md`).
   * @default []
   */
  mask: z.array(maskRule).default([]),
  /**
   * How much of a node's disk Alloy may use for lines that Loki has not accepted yet, MiB, 512 or more. Each sixteenth of the
   * node's pods has a sixteenth of it, and Alloy stops reading pods whose part is full. `docs/loss-contract.md` shows how long it lasts.
   * @default 10240
   */
  bufferMiB: count
    .refine(
      (mib) => mib >= 512,
      explained({
        text: "512 or more: each sixteenth of a node's pods has a sixteenth of it",
        fix: "leave it out to use the default; docs/loss-contract.md shows how long that lasts",
      }),
    )
    .default(10_240),
  /** Kubernetes events as lines, once per cluster. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
  events: eventsArgs.prefault({}),
  /** Journals of the nodes: kubelet, containerd, kernel. https://grafana.com/docs/alloy/latest/reference/components/loki/loki.source.journal/ */
  journal: journalArgs.prefault({}),
  /**
   * How long a deploy waits for Alloy on every node, and for the pod of the events, seconds.
   * @default 1800
   */
  timeoutSeconds: count.default(1800),
  /**
   * Escape hatch: chart values, deep-merged over the stack's own. Entries of a list are added to the stack's, or merged into the one with
   * the same name. A value that breaks a promise of the stack is refused (`docs/escape-hatches.md`).
   * https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy
   * @default {}
   */
  values: chartValues.default({}),
});

/** Alloy with every default filled in. */
export type Alloy = z.output<typeof alloyArgs>;

/** Values of the Alloy chart that an argument sets, with that argument. The escape hatch must not set them. */
export const ALLOY_OWNED_VALUES: Readonly<Record<string, string>> = {
  "alloy.resources": "alloy.resources",
  "global.image.registry": "images.registry",
  "global.image.pullSecrets": "images.pullSecrets",
};

/** Values that must not change at all. */
const ALLOY_FIXED_VALUES: readonly FixedValue[] = [
  ...["fullnameOverride", "nameOverride", "namespaceOverride"].map(
    (path): FixedValue => ({
      path,
      only: "",
      reason: "the NetworkPolicies and the stack's commands use the chart's names",
    }),
  ),
  { path: "controller.type", only: "daemonset", reason: "Alloy reads the files of the node that it runs on" },
  {
    path: "configReloader.enabled",
    only: false,
    reason: "with it a broken pipeline would stay unseen, and the old one would go on",
  },
  { path: "crds.create", only: false, reason: "the pipeline does not use the CRD, which another release may own" },
];

/** Checks of Alloy that need more than one value. */
export function checkAlloy(alloy: Alloy, givenUp: readonly GivablePromise[], findings: Findings): void {
  findings.within("alloy.chart", () => checkChart(ALLOY_CHART, alloy.chart, "alloy.chart", findings));
  findings.within("alloy.resources", () => checkResources(alloy.resources, "alloy.resources", findings));
  findings.within("alloy.events", () => checkResources(alloy.events.resources, "alloy.events.resources", findings));
  findings.when(["alloy.values"], () => {
    checkNoSecrets(alloy.values, "alloy.values", findings);
    checkKnownKeys(alloy.values, ALLOY_CHART_KEYS, keySource(ALLOY_CHART), "alloy.values", findings);
    checkNotOwned(alloy.values, ALLOY_OWNED_VALUES, "alloy.values", findings);
    checkNotFixed(alloy.values, ALLOY_FIXED_VALUES, givenUp, "alloy.values", findings);
  });
}

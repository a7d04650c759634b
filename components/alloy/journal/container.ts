import type { Input } from "@pulumi/pulumi";
import type { ResolvedArgs } from "../../args.ts";
import type { Values } from "../../helm/mergeValues.ts";
import { alloyImage } from "../image.ts";
import { JOURNAL_RESOURCES } from "./args.ts";
import { journalPipeline } from "./pipeline.ts";

export const JOURNAL_CONTAINER = "journal";

/** Where the container answers probes, and has its metrics. */
export const JOURNAL_PORT = 12347;

/** The port's name. */
export const JOURNAL_METRICS = "journal-metrics";

/** The units as one regular expression, which Alloy anchors. */
export const unitsPattern = (units: readonly string[]): string =>
  units.map((unit) => unit.replaceAll(".", "\\.")).join("|");

/** The units of a pattern that `unitsPattern` made. */
export const unitsIn = (pattern: string): string[] => pattern.replaceAll("\\.", ".").split("|");

/**
 * Adds a container to the values of Alloy's release, which sends the journal of the node. Nothing without units.
 *
 * It is another process: the OTel engine cannot read the journal, and an error here leaves the lines of the pods alone.
 *
 * @param storage Alloy's folder on the node.
 */
export function withJournal(values: Values, args: ResolvedArgs, storage: string, login: Input<string>): Values {
  const { units } = args.alloy.journal;
  if (units.length === 0) return values;
  const { alloy = {}, controller = {} } = values as Record<string, Values>;
  const own = `${storage}/journal`;
  const environment = {
    LOGGING_CLUSTER: args.cluster.name,
    LOGGING_ENVIRONMENT: args.cluster.environment,
    LOGGING_OTLP_URL: args.otlpUrl,
    LOGGING_STORAGE: own,
    LOGGING_JOURNAL_UNITS: unitsPattern(units),
    // Kubernetes reads $(NAME) as a variable, and $$ as one dollar.
    LOGGING_JOURNAL_PIPELINE: journalPipeline(args.alloy.mask).replaceAll("$", "$$$$"),
  };
  const run = `exec /bin/alloy run <(printf %s "$LOGGING_JOURNAL_PIPELINE") --storage.path=${own} --disable-reporting --stability.level=public-preview --server.http.listen-addr=0.0.0.0:${JOURNAL_PORT}`;
  const journal = {
    name: JOURNAL_CONTAINER,
    image: alloyImage(values as Record<string, Values>),
    // As for the container beside it: one Alloy for each folder, which is killed and not asked to stop.
    command: ["/usr/bin/flock", `${storage}/journal.lock`, "/bin/bash", "-c", run],
    env: [
      { name: "HOSTNAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      ...Object.entries(environment).map(([name, value]) => ({ name, value })),
    ],
    envFrom: [{ secretRef: { name: login } }],
    ports: [{ name: JOURNAL_METRICS, containerPort: JOURNAL_PORT }],
    resources: JOURNAL_RESOURCES,
    readinessProbe: { httpGet: { path: "/-/ready", port: JOURNAL_PORT }, periodSeconds: 10, timeoutSeconds: 5 },
    livenessProbe: {
      ...{ tcpSocket: { port: JOURNAL_PORT }, initialDelaySeconds: 60, periodSeconds: 30 },
      ...{ timeoutSeconds: 10, failureThreshold: 10 },
    },
    securityContext: alloy.securityContext,
    volumeMounts: [
      { name: "varlog", mountPath: "/var/log", readOnly: true },
      { name: "storage", mountPath: storage },
    ],
  };
  const others = (controller.extraContainers as Values[] | undefined) ?? [];
  return { ...values, controller: { ...controller, extraContainers: [journal, ...others] } };
}

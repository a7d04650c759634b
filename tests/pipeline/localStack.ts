import { mergeValues } from "../../components/helm/mergeValues.ts";
import { AlertWatch, PROMETHEUS_PORT } from "../harness/alerts/alertWatch.ts";
import type { Loose } from "../harness/manifest.ts";
import { HOST } from "../harness/pods/network.ts";
import { endRequested, until } from "../harness/processes.ts";
import { Workload } from "../harness/runningStack/applications.ts";
import { type RenderedStack, renderStack } from "../harness/runningStack/renderedStack.ts";
import { alertsMissing, alloyMissing } from "../harness/runningStack/requirements.ts";
import { endRunningStack, type RunningStack, runningStack } from "../harness/runningStack/runningStack.ts";
import { breakAndWatch } from "./breaks.ts";
import { logWhatRulesAreFor, RULE_EXAMPLES, withRules } from "./collectedExamples.ts";
import { type Doors, openInside } from "./doors.ts";
import { PARTS, type Part } from "./localArguments.ts";
import { showCluster } from "./localCluster.ts";
import { type Example, printExample } from "./printedExamples.ts";

/**
 * Values that differ from production, so that the stack answers soon. A reader first looks for schedulers after ten seconds. A cluster does
 * not notice, because its readers get no requests in their first fifteen seconds. Schedulers accept requests after about four seconds;
 * looking earlier only prolongs the wait. A read from an empty bucket is tried five times, so the pauses are short.
 */
function answerSoon(config: Loose): void {
  const values = {
    loki: {
      frontend: { scheduler_dns_lookup_period: "4s" },
      storage: { s3: { backoff_config: { max_period: "100ms" } } },
    },
  };
  config.loki = mergeValues(config.loki ?? {}, { values });
}

/**
 * Starts the stack, prints example queries and where the alerts are, and runs it until Ctrl-C.
 *
 * @param part what to break once everything runs.
 * @returns the exit code.
 */
export async function runLocalStack(doors: Doors, part?: Part): Promise<number> {
  const started = performance.now();
  const interrupted = endRequested().then(() => undefined);
  console.log("starting MinIO, Loki, the gateway, Alloy and the canary as the stack prod-aks-a has them");
  let workload: Workload | undefined;
  let stopExamples = (): void => {};
  const logFirst = (podLogs: string): void => {
    workload = new Workload(podLogs, "shop", { linesPerSecond: 20 });
    stopExamples = logWhatRulesAreFor(podLogs);
  };
  const render = (caFile: string): Promise<RenderedStack> =>
    renderStack({
      stack: "prod-aks-a",
      caFile,
      change: (config) => {
        answerSoon(config);
        withRules(config);
      },
    });
  const running = await Promise.race([runningStack({ probe: "liveness", render, logFirst }), interrupted]);
  if (running) {
    openInside(doors.gateway.socket, running.cluster.gatewayAddress, 80);
    printLogin(running, doors.gateway.port);
    await printLines(running);
    console.log(
      `\nstarted in ${((performance.now() - started) / 1000).toFixed(1)} s. Ctrl-C stops everything and leaves nothing behind.`,
    );
    await Promise.race([showCluster(running), interrupted]);
    await Promise.race([watchAlerts(running, doors, part, interrupted), interrupted]);
    await interrupted;
    workload?.stop();
    stopExamples();
  }
  console.log("\nstopping");
  await endRunningStack();
  return 0;
}

/** Starts Prometheus, and prints where it is. The stack runs without it, and has reported why. */
async function watchAlerts(
  running: RunningStack,
  { prometheus }: Doors,
  part: Part | undefined,
  interrupted: Promise<unknown>,
): Promise<void> {
  if (alertsMissing()) return;
  openInside(prometheus.socket, HOST, PROMETHEUS_PORT);
  const watch = await AlertWatch.start(running);
  const address = `http://127.0.0.1:${prometheus.port}`;
  console.log(
    [
      `\n  alerts  ${address}/alerts, or curl -s ${address}/api/v1/alerts`,
      `  canary  curl -sG ${address}/api/v1/query --data-urlencode 'query=loki_canary_missing_entries_total'`,
      ...(part ? [] : [`  break   npm run local -- --break ${PARTS.join("|")}`]),
    ].join("\n"),
  );
  if (part) await breakAndWatch(running, watch, part, interrupted);
}

function printLogin({ stack }: RunningStack, port: number): void {
  const { accessKey, secretKey } = stack.gatewayLogin;
  const url = `http://127.0.0.1:${port}/loki/api/v1/query_range`;
  console.log(
    [
      `\n  query   ${url}`,
      `  login   ${accessKey}:${secretKey}`,
      `  try     curl -sGu ${accessKey}:${secretKey} ${url} --data-urlencode 'query={namespace="shop-1"}'`,
    ].join("\n"),
  );
}

const BY_NAMESPACE = 'sum by (namespace) (count_over_time({cluster="prod-aks-a"}[5m]))';

const EXAMPLES: readonly Example[] = [
  ["the last lines of one application", '{namespace="shop-1"}', "query_range"],
  ["errors of JSON lines", '{cluster="prod-aks-a"} | json | Level="Error"', "query_range"],
  ["lines by namespace", BY_NAMESPACE, "query"],
];

async function printLines({ queries }: RunningStack): Promise<void> {
  await until("the first lines", async () => (await queries.ask("query", { query: BY_NAMESPACE })).length >= 4);
  for (const example of EXAMPLES) await printExample(queries, example);
  // A pusher that takes Alloy's place knows no rules.
  for (const example of alloyMissing() ? [] : RULE_EXAMPLES) await printExample(queries, example);
}

// Runs only the processors of Alloy's pipeline, on lines of a test. Real Alloy: what its OTTL functions do is not written again here.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { OLD_RELEASE_ENDED } from "../../components/alloy/oldBuffer/containers.ts";
import { reportedSeries } from "./metricsText.ts";
import { freePort, kill, start, until } from "./processes.ts";

/** A line as the receiver passes it on. */
export interface ReadLine {
  readonly body: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly container?: string;
  /** Nanoseconds since the epoch. Default: counts up from 1. */
  readonly at?: bigint;
}

/** A line as the exporter gets it. */
export interface ProcessedLine {
  readonly body: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What came out, in the order in which it went in, and the lines that a filter dropped. */
export interface Processed {
  readonly lines: ProcessedLine[];
  /** Dropped lines by the name of the filter. */
  readonly dropped: Readonly<Record<string, number>>;
  /** What Alloy logged. */
  readonly log: string;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

const attributes = (of: Readonly<Record<string, string>>): Attribute[] =>
  Object.entries(of).map(([key, value]) => ({ key, value: { stringValue: value } }));
const record = (of: readonly Attribute[] = []): Record<string, string> =>
  Object.fromEntries(of.map(({ key, value }) => [key, value.stringValue]));

/** Name of the node of the lines. */
export const NODE = "aks-nodepool1-12345678-vmss000000";

/**
 * Passes lines through the processors of a pipeline.
 *
 * @param folder an empty folder for Alloy's files.
 * @param ended when release 0.1 ended on the node, nanoseconds.
 */
export async function processedLogs(
  pipeline: string,
  lines: readonly ReadLine[],
  { folder, ended = 0n }: { folder: string; ended?: bigint },
): Promise<Processed> {
  const got: ProcessedLine[] = [];
  const sink = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    for (const { resource, scopeLogs } of JSON.parse(Buffer.concat(chunks).toString()).resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const { body, attributes } of logRecords)
          got.push({
            body: body.stringValue,
            resource: record(resource.attributes),
            attributes: record(attributes),
          });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((done) => sink.listen(0, "127.0.0.1", done));
  const [input, metrics] = [await freePort(), await freePort()];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, OLD_RELEASE_ENDED), String(ended));
  writeFileSync(
    join(folder, "pipeline.yaml"),
    processorsOnly(pipeline, { input, metrics, sink: (sink.address() as AddressInfo).port }),
  );
  start("alloy", "alloy", ["otel", `--config=${join(folder, "pipeline.yaml")}`], {
    folder,
    env: { LOGGING_CLUSTER: "cluster", LOGGING_ENVIRONMENT: "test", LOGGING_STORAGE: folder, HOSTNAME: NODE },
  });
  try {
    await until(
      "Alloy's receiver",
      () =>
        send(input, [], 0).then(
          () => true,
          () => false,
        ),
      { everyMs: 20 },
    );
    for (let from = 0; from < lines.length; from += 1000) await send(input, lines.slice(from, from + 1000), from);
    const dropped = Object.fromEntries(
      [...(await page(metrics)).matchAll(/^otelcol_processor_filter_logs_filtered\w*\{(.*)\} (\S+)$/gm)].map(
        ([line, , count]) => [reportedSeries(line)[0]?.labels.filter ?? "", Number(count)],
      ),
    );
    return { lines: got, dropped, log: readFileSync(join(folder, "alloy.log"), "utf8") };
  } finally {
    await kill("alloy");
    sink.close();
  }
}

/** The pipeline's first chain of processors, between a receiver and an exporter that a test can use. */
function processorsOnly(pipeline: string, ports: { input: number; metrics: number; sink: number }): string {
  const { processors, service } = parse(pipeline, { merge: true });
  const { processors: chain } = service.pipelines["logs/0"];
  return stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${ports.input}` } } } },
    processors,
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${ports.sink}`,
        encoding: "json",
        compression: "none",
        sending_queue: { enabled: false },
      },
    },
    service: {
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.metrics } } } }] },
      },
      pipelines: { logs: { receivers: ["otlp"], processors: chain, exporters: ["otlp_http"] } },
    },
  });
}

const page = (port: number): Promise<string> =>
  fetch(`http://127.0.0.1:${port}/metrics`).then(
    (response) => response.text(),
    () => "",
  );

/** The receiver answers when the exporter has passed the lines on, so nothing is on its way afterwards. */
async function send(port: number, lines: readonly ReadLine[], before: number): Promise<void> {
  const resourceLogs = lines.map(({ body, namespace = "ns", pod = "pod", container = "app", at }, i) => ({
    resource: {
      attributes: attributes({
        "log.file.path": `/var/log/pods/${namespace}_${pod}_0f1e2d3c-0000-4000-8000-000000000000/${container}/0.log`,
      }),
    },
    scopeLogs: [
      {
        logRecords: [
          {
            timeUnixNano: String(at ?? BigInt(before + i + 1)),
            body: { stringValue: body },
            attributes: attributes({ stream: "stdout", secret: "an attribute of the receiver" }),
          },
        ],
      },
    ],
  }));
  const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceLogs }),
  });
  if (!response.ok) throw new Error(`Alloy answered ${response.status}: ${await response.text()}`);
}

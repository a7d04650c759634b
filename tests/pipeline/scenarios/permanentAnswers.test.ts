import assert from "node:assert/strict";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import { figure } from "../../harness/figures.ts";
import { until } from "../../harness/processes.ts";
import { withAlloyEnvironment } from "../../harness/runningStack/alloyEnvironment.ts";
import { Application } from "../../harness/runningStack/applications.ts";
import { Ledger } from "../../harness/runningStack/ledger.ts";
import { counter } from "../../harness/runningStack/receivedLines.ts";
import { alloyMissing } from "../../harness/runningStack/requirements.ts";
import { runningStack } from "../../harness/runningStack/runningStack.ts";

/** Answers after which Alloy sends a batch again, and those after which it gives the batch up. */
const SENT_AGAIN = [429, 502, 503, 504];
const GIVEN_UP = [400, 401, 403, 404, 408, 413, 500];
const LINES = 50;
/** This process, as pods see it. */
const ADDRESS = "10.0.0.1";

it("every answer after which Alloy gives a batch up is counted, and after all others it sends the batch again", {
  skip: alloyMissing(),
}, async () => {
  const running = await runningStack();
  const arrived = new Set<string>();
  const refused = new Set<number>();
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    assert.equal(request.headers["content-encoding"], "gzip");
    const text = gunzipSync(body).toString("latin1");
    const ids = [...text.matchAll(/id=(answer(\d+)\/[\w/-]+)/g)];
    const status = ids.map(([, , code]) => Number(code)).find((code) => !refused.has(code));
    if (status === undefined) for (const [, id = ""] of ids) arrived.add(id);
    else refused.add(status);
    response.writeHead(status ?? 200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((done) => server.listen(0, ADDRESS, done));
  const { port } = server.address() as { port: number };
  const failed = (): Promise<number> =>
    counter(running.cluster.alloy.address, 8888, "otelcol_exporter_send_failed_log_records(?:_total)?");
  try {
    await withAlloyEnvironment(running, { LOGGING_OTLP_URL: `http://${ADDRESS}:${port}/otlp` }, async () => {
      for (const status of [...SENT_AGAIN, ...GIVEN_UP]) {
        const before = await failed();
        const ledger = new Ledger(`answer${status}`);
        const application = new Application(running.podLogs, ledger.prefix, `answer-app-${status}`, ledger);
        for (let n = 0; n < LINES; n++) application.writeShort();
        application.end();
        const count = (): number => [...ledger.lines.keys()].filter((id) => arrived.has(id)).length;
        const settled = async (): Promise<boolean> =>
          refused.has(status) && count() + (await failed()) - before >= LINES;
        await until(`the lines that were answered with ${status}`, settled, { timeoutMs: 30_000 });
        const lost = LINES - count();
        const counted = (await failed()) - before;
        figure(`answered with ${status}`, `${lost} of ${LINES} lines given up, ${counted} counted`);
        if (SENT_AGAIN.includes(status)) assert.deepEqual([lost, counted], [0, 0], `${status}`);
        else assert.equal(lost, LINES, `${status}`);
        // Lines of the stack's own pods can be in the same batch.
        assert.ok(counted >= lost, `${counted} of ${lost} counted after ${status}`);
      }
    });
  } finally {
    server.close();
  }
});

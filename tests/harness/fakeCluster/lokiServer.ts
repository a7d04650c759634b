import { createServer, type Server, type ServerResponse } from "node:http";
import { type FakeState, json, READER } from "./state.ts";

/** Loki's flush, query and volume requests. It is one server for all pods; `podBehind` names the pod that a connection is meant for. */
export const lokiServer = (state: FakeState): Server =>
  createServer((request, response) => {
    const { behaviour } = state;
    const pod = state.podBehind.get(request.socket.remotePort) ?? "";
    state.requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (request.method === "POST" && request.url === "/flush") {
      if (pod === behaviour.cannotFlush) return json(response, 500, {});
      state.flushed.push(pod);
      response.writeHead(204).end();
    } else if (request.url === "/metrics") {
      // Each time, the canary has written a line more, and found it.
      state.canaryLines += 1;
      const found = behaviour.canaryFinds === false ? 0 : state.canaryLines;
      response.end(
        `loki_canary_entries_total ${state.canaryLines}\nloki_canary_response_latency_seconds_count ${found}\nloki_canary_missing_entries_total 0\n`,
      );
    } else if (request.headers.authorization !== AUTHORIZATION) json(response, 401, {});
    else if (request.url?.startsWith(VOLUMES)) answerVolumes(state, request.url, response);
    else json(response, 200, { data: { result: linesOf(state) } });
  });

const AUTHORIZATION = `Basic ${Buffer.from(`${READER.user}:${READER.password}`).toString("base64")}`;
const VOLUMES = "/loki/api/v1/index/volume?";

function answerVolumes({ behaviour }: FakeState, url: string, response: ServerResponse): void {
  const { volumes = () => [], volumeError } = behaviour;
  if (volumes === "silent") return;
  if (volumeError) return void response.writeHead(volumeError[0]).end(volumeError[1]);
  json(response, 200, { status: "success", data: { result: volumes(new URLSearchParams(url.slice(VOLUMES.length))) } });
}

/** The line of the pod that was created last, if it arrives. */
function linesOf({ behaviour, lastPod }: FakeState): object[] {
  if (behaviour.lineArrives === false || !lastPod) return [];
  const labels = { cluster: "prod-aks-a", env: "prod", namespace: "logging", container: "verify", level: "info" };
  return [{ stream: { ...labels, pod: lastPod, ...behaviour.labels }, values: [["1", "line"]] }];
}

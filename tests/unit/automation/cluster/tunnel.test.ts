import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { it } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { openTunnel } from "../../../../automation/cluster/tunnel.ts";

it("a tunnel reports that the API server refused it", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "c", server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, skipTLSVerify: true },
    { name: "u" },
  );
  const tunnel = await openTunnel(config, "logging", "loki-gateway-0", 8080);
  try {
    await assert.rejects(tunnel.request("/ready"), /^Error: no answer from loki-gateway-0:8080: .*403/);
  } finally {
    tunnel.close();
    server.close();
  }
});

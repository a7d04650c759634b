// What stands between a command and its cluster says so itself, and in time.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { connect, openTunnel } from "../../../../automation/cluster/clusterApi.ts";

it("an API server that refuses the tunnel is named as the reason", async () => {
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

it("connecting ends when az does not answer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-az-"));
  const path = process.env.PATH;
  try {
    // Like the real az: a shell script around another process, which keeps the pipes open when the script is killed.
    writeFileSync(join(folder, "az"), "#!/bin/sh\nsleep 30\n");
    chmodSync(join(folder, "az"), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    const cluster =
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod-aks-a";
    const begun = performance.now();
    await assert.rejects(
      connect({ method: "aks", login: "azurecli" }, cluster, 1),
      /cannot get credentials for prod-aks-a: az did not answer within 1 seconds/,
    );
    assert.ok(performance.now() - begun < 10_000);
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  }
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { KubeConfig, PortForward } from "@kubernetes/client-node";
import { parseAksResourceId } from "../components/loggingNodePool.ts";
import type { AccessConfig } from "../config.ts";
import { kubeconfigWithLogin } from "../kubeconfig.ts";

/** The cluster of a stack, by the same way that the stack itself goes. */
export function connect(access: AccessConfig, resourceId: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (access.method === "kubeconfig") {
    config.loadFromFile(access.path);
    config.setCurrentContext(access.context);
  } else {
    config.loadFromString(kubeconfigWithLogin(aksKubeconfig(resourceId ?? ""), access.login));
  }
  return config;
}

/** What `az aks get-credentials` hands out, without touching the person's own kubeconfig. */
function aksKubeconfig(resourceId: string): string {
  const aks = parseAksResourceId(resourceId);
  if (!aks) throw new Error(`cluster.resourceId is no AKS cluster: ${resourceId}`);
  const folder = mkdtempSync(join(tmpdir(), "logging-kubeconfig-"));
  const file = join(folder, "config");
  try {
    const cluster = [
      "--subscription",
      aks.subscriptionId,
      "--resource-group",
      aks.resourceGroupName,
      "--name",
      aks.resourceName,
    ];
    execFileSync("az", ["aks", "get-credentials", ...cluster, "--format", "exec", "--file", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    const reason =
      code === "ENOENT"
        ? "az is not on PATH (https://learn.microsoft.com/cli/azure/install-azure-cli)"
        : String(stderr).trim();
    throw new Error(`the credentials of ${aks.resourceName} cannot be had: ${reason}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A pod's HTTP port, through the API server. */
export interface Tunnel {
  /** @throws with the tunnel's own reason where it, and not the pod, is why there is no answer. */
  request(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: string }>;
  close(): void;
}

/** Opens a tunnel to a port of a pod, as `kubectl port-forward` does. */
export async function openTunnel(config: KubeConfig, namespace: string, pod: string, port: number): Promise<Tunnel> {
  const forward = new PortForward(config);
  let reason: string | undefined;
  const server = createServer((socket) => {
    // What the kubelet has to say comes on a stream of its own: a refused connection, a pod that is gone.
    const errors = new Writable({
      write(chunk, _encoding, done) {
        reason = String(chunk).trim();
        done();
      },
    });
    forward.portForward(namespace, pod, [port], socket, errors, socket).catch((error: Error) => {
      reason = error.message;
      socket.destroy();
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no local port for the tunnel");
  return {
    close: () => server.close(),
    async request(path, init = {}) {
      reason = undefined;
      try {
        const response = await fetch(`http://127.0.0.1:${address.port}${path}`, {
          ...init,
          signal: AbortSignal.timeout(20_000),
        });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        const { message, cause } = error as { message: string; cause?: { message?: string } };
        throw new Error(`no answer from ${pod}:${port}: ${reason || cause?.message || message}`);
      }
    },
  };
}

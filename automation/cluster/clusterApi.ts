import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  type Configuration,
  createConfiguration,
  KubeConfig,
  PortForward,
  ServerConfiguration,
} from "@kubernetes/client-node";
import { parseAksResourceId } from "../../components/nodePool/agentPool.ts";
import type { AccessConfig } from "../../stack/config.ts";
import { kubeconfigWithLogin } from "../../stack/kubeconfig.ts";

/** `az` may wait for a login, or for an answer that never comes. */
const AZ_SECONDS = 60;

/**
 * The cluster of a stack, by the same way that the stack itself goes.
 *
 * @throws when `az`, where it is asked, has not answered within `azSeconds`.
 */
export function connect(access: AccessConfig, resourceId: string | undefined, azSeconds = AZ_SECONDS): KubeConfig {
  const config = new KubeConfig();
  if (access.method === "kubeconfig") {
    config.loadFromFile(access.path);
    config.setCurrentContext(access.context);
  } else {
    config.loadFromString(kubeconfigWithLogin(aksKubeconfig(resourceId ?? "", azSeconds), access.login));
  }
  return config;
}

/** What `az aks get-credentials` hands out, without touching the person's own kubeconfig. */
function aksKubeconfig(resourceId: string, azSeconds: number): string {
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
      timeout: azSeconds * 1000,
    });
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "az is not on PATH (https://learn.microsoft.com/cli/azure/install-azure-cli)",
      ETIMEDOUT: `az has not answered within ${azSeconds} seconds; does \`az account show\`?`,
    };
    const reason = reasons[code ?? ""] ?? String(stderr).trim();
    throw new Error(`the credentials of ${aks.resourceName} cannot be had: ${reason}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A client of the Kubernetes API whose every request ends with the signal; of its own it would wait for ever. */
export function apiWithin<T>(config: KubeConfig, api: new (configuration: Configuration) => T, signal: AbortSignal): T {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error(`the kubeconfig has no cluster for its context ${config.getCurrentContext()}`);
  return new api(
    createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: config },
      promiseMiddleware: [
        {
          async pre(request) {
            request.setSignal(signal);
            return request;
          },
          post: async (response) => response,
        },
      ],
    }),
  );
}

/** A pod's HTTP port, through the API server. */
export interface Tunnel {
  /** Waits 20 seconds for an answer. @throws with the tunnel's own reason where it, and not the pod, is why there is none. */
  request(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: string }>;
  /** Ends what is still on its way, too. */
  close(): void;
}

/** Opens a tunnel to a port of a pod, as `kubectl port-forward` does. */
export async function openTunnel(config: KubeConfig, namespace: string, pod: string, port: number): Promise<Tunnel> {
  const forward = new PortForward(config);
  let reason: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
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
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    async request(path, init = {}) {
      reason = undefined;
      try {
        const response = await fetch(`http://127.0.0.1:${address.port}${path}`, {
          ...init,
          signal: AbortSignal.any([AbortSignal.timeout(20_000), ...(init.signal ? [init.signal] : [])]),
        });
        return { status: response.status, body: await response.text() };
      } catch (error) {
        const { message, cause } = error as { message: string; cause?: { message?: string } };
        throw new Error(`no answer from ${pod}:${port}: ${reason || cause?.message || message}`);
      }
    },
  };
}

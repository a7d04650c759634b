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
import { parseAksResourceId } from "../../components/cluster/args.ts";
import type { AccessConfig } from "../../stack/access.ts";
import { kubeconfigWithLogin } from "../../stack/kubeconfig.ts";
import { type ProgramError, runProgram } from "../runProgram.ts";

/** `az` may ask for a login, or wait for an answer that never comes. */
const AZ_SECONDS = 60;

/**
 * Connects to the cluster of a stack, in the way that the stack itself connects.
 *
 * @param azSeconds Time for `az` to hand out the kubeconfig.
 * @throws when `az` fails, or has not answered in time.
 */
export async function connect(
  access: AccessConfig,
  resourceId: string | undefined,
  azSeconds = AZ_SECONDS,
): Promise<KubeConfig> {
  const config = new KubeConfig();
  if (access.method === "kubeconfig") {
    config.loadFromFile(access.path);
    config.setCurrentContext(access.context);
  } else {
    config.loadFromString(kubeconfigWithLogin(await aksKubeconfig(resourceId ?? "", azSeconds), access.login));
  }
  return config;
}

/** The kubeconfig that `az aks get-credentials` hands out. The user's own kubeconfig is not touched. */
async function aksKubeconfig(resourceId: string, azSeconds: number): Promise<string> {
  const aks = parseAksResourceId(resourceId);
  if (!aks) throw new Error(`cluster.resourceId is not the ID of an AKS cluster: ${resourceId}`);
  const folder = mkdtempSync(join(tmpdir(), "logging-kubeconfig-"));
  const file = join(folder, "config");
  const cluster = [
    ...["--subscription", aks.subscriptionId],
    ...["--resource-group", aks.resourceGroupName],
    ...["--name", aks.resourceName],
  ];
  try {
    const command = ["aks", "get-credentials", ...cluster, "--format", "exec", "--file", file];
    await runProgram("az", command, { timeoutSeconds: azSeconds });
    return readFileSync(file, "utf8");
  } catch (error) {
    const { reason, message } = error as ProgramError;
    const hints: Readonly<Record<string, string>> = {
      missing: " (https://learn.microsoft.com/cli/azure/install-azure-cli)",
      late: "; does `az account show` answer?",
    };
    throw new Error(`cannot get credentials for ${aks.resourceName}: ${message}${hints[reason] ?? ""}`);
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

// npm run verify -- <stack>: after `up`, one line goes the whole way from a pod to the bucket and back to a reader.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { AppsV1Api, CoreV1Api, type KubeConfig, type V1EnvFromSource } from "@kubernetes/client-node";
import { Client as S3Client } from "minio";
import { ALLOY_RELEASE } from "../components/alloy/alloyValues.ts";
import { GATEWAY_ENV } from "../components/gatewayCredentials.ts";
import { GATEWAY_SERVICE } from "../components/loki/lokiValues.ts";
import type { ResolvedArgs } from "../components/resolveArgs.ts";
import { STORAGE_ENV } from "../components/storageCredentials.ts";
import { connect, openTunnel, type Tunnel } from "./clusterApi.ts";
import { stackSettings } from "./deploy/stackConfig.ts";
import { reportAndExit } from "./reportAndExit.ts";
import { stackNames } from "./stackFiles.ts";

const USAGE = `usage: npm run verify -- <stack> [--config-file FILE] [--timeout SECONDS]\nstacks: ${stackNames().join(", ")}`;

/** What every step may use. */
interface Context {
  readonly args: ResolvedArgs;
  readonly kube: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly marker: string;
  readonly podName: string;
  readonly started: Date;
  readonly deadline: number;
}

try {
  const { values, positionals } = parseArgs({
    options: { "config-file": { type: "string" }, timeout: { type: "string", default: "180" } },
    allowPositionals: true,
  });
  const [stack] = positionals;
  const timeout = Number(values.timeout);
  if (!stack || positionals.length > 1 || !(timeout > 0)) throw new Error(USAGE);
  const { args, access } = await stackSettings(stack, values["config-file"]);
  const kube = connect(access, args.cluster.resourceId);
  const id = randomBytes(6).toString("hex");
  process.exitCode = await verify({
    args,
    kube,
    core: kube.makeApiClient(CoreV1Api),
    apps: kube.makeApiClient(AppsV1Api),
    marker: `logging-verify-${id}`,
    podName: `logging-verify-${id}`,
    started: new Date(),
    deadline: Date.now() + timeout * 1000,
  });
} catch (error) {
  reportAndExit(error);
}

type Row = readonly [step: string, outcome: "ok" | "failed" | "skipped", detail: string, seconds: string];

/** Runs the steps, prints the table and says how it went. The pod goes in any case, Ctrl-C included. */
async function verify(context: Context): Promise<number> {
  const rows: Row[] = [];
  const tunnels: Tunnel[] = [];
  const step = async <T>(name: string, run: () => Promise<readonly [T, string]>): Promise<T | undefined> => {
    if (rows.some(([, outcome]) => outcome === "failed")) return undefined;
    const begun = Date.now();
    const seconds = () => ((Date.now() - begun) / 1000).toFixed(1);
    try {
      const [value, detail] = await run();
      rows.push([name, "ok", detail, seconds()]);
      return value;
    } catch (error) {
      rows.push([name, "failed", describe(error), seconds()]);
      return undefined;
    }
  };
  const cleanUp = async () => {
    for (const tunnel of tunnels) tunnel.close();
    await context.core
      .deleteNamespacedPod({ name: context.podName, namespace: context.args.namespace, gracePeriodSeconds: 0 })
      .catch(() => {});
  };
  process.once("SIGINT", () => void cleanUp().finally(() => process.exit(130)));

  await step("workloads ready", () => workloadsReady(context));
  const keys = await step("Secrets in use", () => secretsInUse(context));
  const open = async (component: string, port: number) => {
    const tunnel = await openTunnel(context.kube, context.args.namespace, await podOf(context, component), port);
    tunnels.push(tunnel);
    return tunnel;
  };
  const gateway = await step("gateway asks for a password", async () => {
    const tunnel = await open("gateway", 8080);
    const { status } = await tunnel.request("/loki/api/v1/labels");
    if (status !== 401) throw new Error(`the gateway answers ${status} without a password, not 401`);
    return [tunnel, "401 without one"];
  });
  await step("line written", () => writeLine(context));
  if (gateway && keys) await step("line found through the gateway", () => findLine(context, gateway, keys.login));
  await step("flushed", async () => {
    const { status } = await (await open("write", 3100)).request("/flush", { method: "POST" });
    if (status !== 204) throw new Error(`flush answers ${status}`);
    return [undefined, "chunks sent to MinIO"];
  });
  if (keys) await step("new objects in the bucket", () => newObjects(context, keys.storage));
  await cleanUp();
  await step("cleaned up", async () => [undefined, "the pod is gone"]);

  printTable(rows);
  const failed = rows.filter(([, outcome]) => outcome === "failed").length;
  console.log(failed === 0 ? `${context.args.cluster.name}: verified` : `${context.args.cluster.name}: NOT verified`);
  return failed === 0 ? 0 : 1;
}

/** Helm ends an update while the last pods, `maxUnavailable` of each kind, are still on their way. */
async function workloadsReady({ args: { namespace }, apps, deadline }: Context): Promise<readonly [undefined, string]> {
  for (;;) {
    const [sets, deployments, daemons] = await Promise.all([
      apps.listNamespacedStatefulSet({ namespace }),
      apps.listNamespacedDeployment({ namespace }),
      apps.listNamespacedDaemonSet({ namespace }),
    ]);
    const ready = [
      ...[...sets.items, ...deployments.items].map(
        (w) => [w.metadata?.name, w.status?.readyReplicas ?? 0, w.spec?.replicas ?? 0] as const,
      ),
      ...daemons.items.map(
        (w) => [w.metadata?.name, w.status?.numberReady ?? 0, w.status?.desiredNumberScheduled ?? 0] as const,
      ),
    ];
    const detail = ready.map(([name, is, wanted]) => `${name} ${is}/${wanted}`).join(", ");
    if (ready.length === 0) throw new Error(`nothing runs in namespace ${namespace}: has the stack been deployed?`);
    if (ready.every(([, is, wanted]) => is >= wanted)) return [undefined, detail];
    if (Date.now() > deadline) throw new Error(detail);
    await delay(2000);
  }
}

interface Keys {
  readonly login: { readonly username: string; readonly password: string };
  readonly storage: { readonly accessKey: string; readonly secretKey: string };
}

/** The keys that the running pods were given, not those that somebody believes they were given. */
async function secretsInUse({ args: { namespace }, apps, core }: Context): Promise<readonly [Keys, string]> {
  const read = async (sources: V1EnvFromSource[] | undefined, wanted: readonly string[]) => {
    const name = sources?.find((source) => source.secretRef)?.secretRef?.name;
    if (!name) throw new Error("a workload takes no Secret into its environment");
    const { data = {} } = await core.readNamespacedSecret({ name, namespace });
    return { name, values: wanted.map((key) => Buffer.from(data[key] ?? "", "base64").toString("utf8")) };
  };
  const alloy = await apps.readNamespacedDaemonSet({ name: ALLOY_RELEASE, namespace });
  const write = await apps.readNamespacedStatefulSet({ name: "loki-write", namespace });
  const login = await read(alloy.spec?.template.spec?.containers[0]?.envFrom, [
    GATEWAY_ENV.username,
    GATEWAY_ENV.password,
  ]);
  const storage = await read(write.spec?.template.spec?.containers[0]?.envFrom, [
    STORAGE_ENV.accessKey,
    STORAGE_ENV.secretKey,
  ]);
  return [
    {
      login: { username: login.values[0] ?? "", password: login.values[1] ?? "" },
      storage: { accessKey: storage.values[0] ?? "", secretKey: storage.values[1] ?? "" },
    },
    `${login.name}, ${storage.name}`,
  ];
}

async function podOf({ args: { namespace }, core }: Context, component: string): Promise<string> {
  const { items } = await core.listNamespacedPod({
    namespace,
    labelSelector: `app.kubernetes.io/component=${component},app.kubernetes.io/name=loki`,
  });
  const name = items.find((pod) => pod.status?.containerStatuses?.every((status) => status.ready))?.metadata?.name;
  if (!name) throw new Error(`no ready pod of ${component}`);
  return name;
}

/** A pod that says one line and ends. The gateway's image is in the cluster already, also where public registries are not. */
async function writeLine({
  args: { namespace },
  apps,
  core,
  marker,
  podName,
}: Context): Promise<readonly [undefined, string]> {
  const gateway = await apps.readNamespacedDeployment({ name: GATEWAY_SERVICE, namespace });
  const spec = gateway.spec?.template.spec;
  const nginx = spec?.containers.find((container) => container.name === "nginx");
  if (!spec || !nginx?.image) throw new Error("the gateway has no nginx container");
  const line = JSON.stringify({ level: "info", message: marker });
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: podName, labels: { "app.kubernetes.io/name": "logging-verify" } },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        ...(spec.nodeSelector && { nodeSelector: spec.nodeSelector }),
        ...(spec.tolerations && { tolerations: spec.tolerations }),
        ...(spec.imagePullSecrets && { imagePullSecrets: spec.imagePullSecrets }),
        ...(spec.securityContext && { securityContext: spec.securityContext }),
        containers: [
          {
            name: "verify",
            image: nginx.image,
            command: ["/bin/sh", "-c", `echo '${line}'`],
            resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
            ...(nginx.securityContext && { securityContext: nginx.securityContext }),
          },
        ],
      },
    },
  });
  return [undefined, `pod ${podName}`];
}

async function findLine(
  context: Context,
  gateway: Tunnel,
  login: Keys["login"],
): Promise<readonly [undefined, string]> {
  const { cluster, namespace } = context.args;
  const query = new URLSearchParams({
    // By container too: Loki logs the queries it is asked, this one and its marker included.
    query: `{cluster="${cluster.name}", container="verify"} |= \`${context.marker}\``,
    start: `${context.started.getTime() - 60_000}000000`,
    limit: "10",
  });
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  return until(context.deadline, "the line has not arrived", async () => {
    const { status, body } = await gateway.request(`/loki/api/v1/query_range?${query}`, { headers: { authorization } });
    if (status !== 200) throw new Error(`the gateway answers ${status}: ${body.slice(0, 200)}`);
    const result = (
      JSON.parse(body) as { data: { result: Array<{ stream: Record<string, string>; values: unknown[] }> } }
    ).data.result;
    const found = result[0];
    if (!found) return undefined;
    const expected = {
      cluster: cluster.name,
      env: cluster.environment,
      namespace,
      container: "verify",
      pod: context.podName,
      level: "info",
    };
    const wrong = Object.entries(expected).filter(([key, value]) => found.stream[key] !== value);
    if (wrong.length > 0)
      throw new Error(`labels differ: ${wrong.map(([k, v]) => `${k} is ${found.stream[k]}, not ${v}`).join("; ")}`);
    const copies = result.reduce((sum, { values }) => sum + values.length, 0);
    if (copies !== 1) throw new Error(`the line is there ${copies} times`);
    return [
      undefined,
      Object.entries(expected)
        .map(([k, v]) => `${k}=${v}`)
        .join(" "),
    ] as const;
  });
}

async function newObjects(
  { args: { objectStorage }, started, deadline }: Context,
  keys: Keys["storage"],
): Promise<readonly [undefined, string]> {
  const s3 = new S3Client({
    endPoint: objectStorage.host,
    port: objectStorage.port,
    useSSL: objectStorage.tls,
    region: objectStorage.region,
    pathStyle: objectStorage.pathStyle,
    ...keys,
    ...(objectStorage.ca && { transportAgent: new Agent({ ca: readFileSync(objectStorage.ca.file) }) }),
  });
  return until(deadline, `no new object in ${objectStorage.bucket}`, async () => {
    let count = 0;
    for await (const object of s3.listObjectsV2(objectStorage.bucket, "", true)) {
      const { lastModified } = object as { lastModified?: Date };
      // MinIO's clock and this machine's may differ a little.
      if (lastModified && lastModified.getTime() > started.getTime() - 5_000) count += 1;
    }
    return count > 0 ? ([undefined, `${count} in ${objectStorage.bucket}`] as const) : undefined;
  });
}

/** Asks again every two seconds until there is an answer or the time is up. */
async function until<T>(deadline: number, otherwise: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(otherwise);
    await delay(2000);
  }
}

function describe(error: unknown): string {
  const { body, message, cause } = error as { body?: string; message?: string; cause?: { message?: string } };
  const text = body
    ? ((JSON.parse(body) as { message?: string }).message ?? body)
    : `${message}${cause?.message ? `: ${cause.message}` : ""}`;
  return text.split("\n")[0] ?? "";
}

function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, outcome, detail, seconds] of rows) {
    console.log(`${outcome.padEnd(6)}  ${name.padEnd(width)}  ${seconds.padStart(6)} s  ${detail}`);
  }
}

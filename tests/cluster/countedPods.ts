import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { CoreV1Api, Exec, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { Gateway } from "../../automation/cluster/gateway.ts";
import { until } from "../harness/processes.ts";
import { LogQueries } from "../harness/runningStack/queries.ts";

const NAMESPACE = "logging-counted";

/** Writes numbered lines until it is asked to stop, and marks the last one. Every hundredth is longer than containerd's 16 KB. */
const numbered = (linesBetweenPauses: number): string => `
run=$EPOCHREALTIME n=0
printf -v long %040000d 0
trap 'echo "run=$run n=$((++n)) last"; exit' TERM
while :; do
  if ((n % 100 == 99)); then echo "run=$run n=$((++n)) $long"; else echo "run=$run n=$((++n))"; fi
  ((n % ${linesBetweenPauses})) || sleep 0.05
done`;

/** What a pod runs. */
const SCRIPTS = {
  steady: numbered(1),
  busy: numbered(50),
  /** The last words have no newline. The kubelet removes the file of a start when the next one ends, which is after Alloy has looked twice. */
  crashing: `run=$EPOCHREALTIME; for n in {1..300}; do echo "run=$run n=$n"; done; sleep 5; printf 'run=%s n=301 last' "$run"; exit 3`,
};

const LINE = /^run=(?<run>[\d.,]+) n=(?<n>\d+)(?: (?<end>last|0{40000}))?$/;

/** What Loki shows of one start of a container. */
interface Run {
  /** How often Loki shows each number. */
  readonly shown: Map<number, number>;
  ended: boolean;
}

/** What Loki shows of a pod. */
export interface PodAccount {
  /** The highest number of each start of the container, in order. */
  readonly highest: number[];
  /** Starts whose last line is there. */
  readonly ended: number;
  readonly lost: string[];
  readonly twice: string[];
  readonly damaged: string[];
}

/** Pods that write numbered lines on a real node, and what Loki shows of them. */
export class CountedPods {
  readonly #kube: KubeConfig;
  readonly #core: CoreV1Api;
  readonly #image: string;
  readonly #started = BigInt(Date.now() - 1000) * 1_000_000n;

  private constructor(kube: KubeConfig, image: string) {
    this.#kube = kube;
    this.#core = kube.makeApiClient(CoreV1Api);
    this.#image = image;
  }

  /** @param image has Bash, and the nodes can pull it. */
  static async inNewNamespace(kube: KubeConfig, image: string): Promise<CountedPods> {
    const pods = new CountedPods(kube, image);
    await pods.#core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
    return pods;
  }

  /** Starts a pod, and waits until it runs. */
  async start(name: keyof typeof SCRIPTS): Promise<void> {
    await this.#core.createNamespacedPod({
      namespace: NAMESPACE,
      body: {
        metadata: { name },
        spec: {
          terminationGracePeriodSeconds: 5,
          automountServiceAccountToken: false,
          securityContext: { runAsUser: 65534, runAsGroup: 65534, runAsNonRoot: true },
          containers: [{ name: "counted", image: this.#image, command: ["/bin/bash", "-c", SCRIPTS[name]] }],
        },
      },
    });
    await until(name, async () => (await this.read(name)).status?.phase === "Running", { timeoutMs: 120_000 });
  }

  read(name: string): Promise<V1Pod> {
    return this.#core.readNamespacedPod({ name, namespace: NAMESPACE });
  }

  /** How often the pod's container has started, once it has ended for at least `times` times and is not running. */
  async starts(name: string, times: number): Promise<number> {
    return until(
      `${name}, ${times} starts`,
      async () => {
        const [container] = (await this.read(name)).status?.containerStatuses ?? [];
        const starts = (container?.restartCount ?? 0) + 1;
        return starts >= times && !container?.state?.running && starts;
      },
      { timeoutMs: 300_000, everyMs: 500 },
    );
  }

  /** Removes a pod, and with it its files. */
  async remove(name: string): Promise<void> {
    await this.#core.deleteNamespacedPod({ name, namespace: NAMESPACE });
    await until(
      `the end of ${name}`,
      () =>
        this.read(name).then(
          () => false,
          () => true,
        ),
      { everyMs: 500 },
    );
  }

  async removeAll(): Promise<void> {
    await this.#core.deleteNamespace({ name: NAMESPACE });
  }

  /** The number of the last line that the node has of the container's start before this one. */
  async lastBeforeRestart(name: string): Promise<number> {
    const log = await this.#core.readNamespacedPodLog({ name, namespace: NAMESPACE, previous: true, tailLines: 3 });
    const numbers = [...log.matchAll(/^run=\S+ n=(\d+)/gm)].map(([, n]) => Number(n));
    return Math.max(...numbers);
  }

  /** Kills a process in a pod of the stack, as the kernel does when memory runs out. */
  async kill(namespace: string, pod: string, container: string, program: string): Promise<void> {
    const script = `for p in /proc/[0-9]*; do [ "$(<$p/comm)" != ${program} ] || kill -9 "\${p#/proc/}"; done`;
    const errors = new PassThrough();
    const said = text(errors);
    await new Promise<void>((done, failed) =>
      new Exec(this.#kube)
        .exec(namespace, pod, container, ["/bin/bash", "-c", script], null, errors, null, false, () => done())
        .catch(failed),
    );
    errors.end();
    const error = await said;
    if (error) throw new Error(`${pod}: ${error}`);
  }

  /** Counts a pod's lines in Loki. */
  async account(name: string): Promise<PodAccount> {
    const gateway = await Gateway.open({ namespace: "logging" }, this.#kube, AbortSignal.timeout(300_000));
    const queries = new GatewayQueries(gateway);
    const runs = new Map<string, Run>();
    const damaged: string[] = [];
    const now = BigInt(Date.now()) * 1_000_000n;
    for await (const page of queries.lines(`{namespace="${NAMESPACE}"} | pod="${name}"`, this.#started, now))
      for (const { text } of page) {
        const { run = "", n, end } = LINE.exec(text)?.groups ?? {};
        if (n === undefined) {
          damaged.push(`${text.slice(0, 80)}... (${text.length})`);
          continue;
        }
        const found = runs.get(run) ?? { shown: new Map(), ended: false };
        runs.set(run, found);
        found.shown.set(Number(n), (found.shown.get(Number(n)) ?? 0) + 1);
        found.ended ||= end === "last";
      }
    return accountOf(runs, damaged);
  }
}

/** Queries through a tunnel to the gateway. */
class GatewayQueries extends LogQueries {
  readonly #tunnel: Gateway;

  constructor(tunnel: Gateway) {
    super("", () => ({ accessKey: "", secretKey: "" }));
    this.#tunnel = tunnel;
  }

  override async fetch(path: string): Promise<Response> {
    const { status, body } = await this.#tunnel.ask(path);
    return new Response(body, { status });
  }
}

function accountOf(runs: ReadonlyMap<string, Run>, damaged: string[]): PodAccount {
  const starts = [...runs].sort(([a], [b]) => a.localeCompare(b));
  const highest = starts.map(([, { shown }]) => Math.max(...shown.keys()));
  return {
    highest,
    ended: starts.filter(([, { ended }]) => ended).length,
    lost: starts.flatMap(([run, { shown }], i) =>
      Array.from({ length: highest[i] ?? 0 }, (_, at) => at + 1)
        .filter((n) => !shown.has(n))
        .map((n) => `${run}/${n}`),
    ),
    twice: starts.flatMap(([run, { shown }]) =>
      [...shown].filter(([, times]) => times > 1).map(([n]) => `${run}/${n}`),
    ),
    damaged,
  };
}

// npm run doctor -- <stack>: what stands in the way of a deploy, or what a broken one left, with the command that mends it. It only reads.
import { styleText } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { findingLines } from "../../components/findings.ts";
import { connect } from "../cluster/clusterApi.ts";
import { sharedBuckets } from "../deploy/guards.ts";
import { azureChecks, idOfPool } from "../doctor/azureChecks.ts";
import { pendingOperations, unknownToState } from "../doctor/brokenDeploy.ts";
import { type Check, type CheckResult, judged, ok, skipped } from "../doctor/check.ts";
import { clusterChecks, idInCluster } from "../doctor/clusterChecks.ts";
import { lockCheck, openEngine } from "../doctor/engine.ts";
import { idOfBucket, minioChecks } from "../doctor/minioChecks.ts";
import { sourceChecks } from "../doctor/sourceChecks.ts";
import { chartLogin, noSuchStack } from "../engine/stackPreview.ts";
import type { StateResource } from "../engine/state.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import type { MinioKeys } from "../explain/minioEvidence.ts";
import { planOffline } from "../plan/offlinePlan.ts";
import { releasesOf } from "../plan/releases.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { readCommandLine } from "./commandLine.ts";
import { reportAndExit } from "./reportAndExit.ts";

const USAGE = `usage: npm run doctor -- <stack> [--json]
exit codes: 0 healthy, 1 usage or config, 6 something to mend
stacks: ${stackNames().join(", ")}`;
const UNHEALTHY = 6;

try {
  const { values, positionals } = readCommandLine(USAGE, { json: { type: "boolean", default: false } });
  const [stack] = positionals;
  if (!stack || positionals.length > 1) throw new Error(USAGE);
  const results = await examine(await checksOf(stack));
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else print(stack, results);
  process.exitCode = results.some(({ result }) => result.state === "bad") ? UNHEALTHY : 0;
} catch (error) {
  reportAndExit(error);
}

/** All checks of a stack, in the order in which their findings are to be mended. */
async function checksOf(stack: string): Promise<Check[]> {
  // First of all: a config that is refused makes everything below meaningless, and says so itself.
  const settings = await stackSettings(stack);
  const { args, access } = settings;
  const plan = await planOffline(readStackFile(stack));
  const engine = await openEngine(stack);
  if ("findings" in engine && engine.damaged)
    return [{ name: "state file", run: async () => judged(engine.findings, "") }];
  const { handle, state } = "findings" in engine ? {} : engine;
  const deployed = state?.resources?.some(({ type }) => type === "logging:index:LoggingStack") ? state : undefined;
  const admin = await adminOf(handle);
  let cluster: Check[];
  let kube: KubeConfig | undefined;
  try {
    kube = await connect(access, args.cluster.resourceId);
    cluster = clusterChecks(kube, settings, deployed);
  } catch (error) {
    const text = (error as Error).message;
    const fix = /is not on PATH/.test(text)
      ? "install it, then az login"
      : "az login, and check cluster.resourceId or access.path";
    const findings = [...explainErrors([text]), { subject: "the cluster", text, fix }];
    cluster = [{ name: "the cluster", run: async () => judged(findings, "") }];
  }
  /** What a killed deploy made, wherever it made it. */
  const idOf = async (resource: Pick<StateResource, "type" | "inputs">): Promise<string | undefined> =>
    (kube && (await idInCluster(kube, args.namespace, resource))) ??
    (await idOfBucket(args.objectStorage, admin, resource)) ??
    (await idOfPool(args.cluster.resourceId, resource));
  return [
    {
      name: "bucket of its own",
      run: async () =>
        judged(
          sharedBuckets(
            stackNames().map((name) => readStackFile(name)),
            stack,
          ),
          args.objectStorage.bucket,
        ),
    },
    ...("findings" in engine
      ? [{ name: "Pulumi", run: async () => judged(engine.findings, "") }]
      : [
          { name: "Pulumi", run: async () => ok(`logged in to ${engine.backend}`) },
          { name: "stack", run: async () => judged(handle ? [] : [noSuchStack(stack)], "is there") },
          { name: "state file", run: async () => ok("whole") },
          { name: "lock", run: () => lockCheck(stack, engine) },
        ]),
    ...azureChecks(settings),
    ...minioChecks(args, admin),
    ...cluster,
    // Without the state, all that is there would look like somebody else's.
    ...("findings" in engine
      ? []
      : [
          {
            name: "pending operations",
            run: async () =>
              judged(pendingOperations(stack, state ?? {}), handle ? "none" : "the stack is not there yet"),
          },
          {
            name: "unknown to the state",
            run: async () => judged(await unknownToState(stack, plan.resources, state ?? {}, idOf), "nothing"),
          },
        ]),
    ...sourceChecks(releasesOf(plan.resources), handle && (await chartLogin(handle).catch(() => undefined))),
  ];
}

/** MinIO's admin as the provider gets it: from the stack's config, else from the environment. */
async function adminOf(handle: Stack | undefined): Promise<MinioKeys | undefined> {
  const config = await handle?.getAllConfig().catch(() => undefined);
  const accessKey = config?.["logging:minioAdminUser"]?.value || process.env.MINIO_USER;
  const secretKey = config?.["logging:minioAdminPassword"]?.value || process.env.MINIO_PASSWORD;
  return accessKey && secretKey ? { accessKey, secretKey } : undefined;
}

interface Examined {
  readonly name: string;
  readonly result: CheckResult;
}

/** Side by side: half of them wait for somebody else. */
function examine(checks: readonly Check[]): Promise<Examined[]> {
  return Promise.all(
    checks.map(async ({ name, run }) => {
      const late = new Promise<CheckResult>((done) => {
        setTimeout(() => done(skipped("no answer in 60 seconds")), 60_000).unref();
      });
      return { name, result: await Promise.race([run(), late]) };
    }),
  );
}

function print(stack: string, results: readonly Examined[]): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, result } of results) {
    const [word, colour, text] =
      result.state === "ok"
        ? (["ok", "green", result.seen] as const)
        : result.state === "skipped"
          ? (["skipped", "yellow", result.why] as const)
          : (["bad", "red", ""] as const);
    console.log(`${styleText(colour, word.padEnd(8))} ${name.padEnd(width)}  ${text}`.trimEnd());
    if (result.state === "bad") for (const line of findingLines(result.findings)) console.log(`         ${line}`);
  }
  const bad = results.flatMap(({ result }) => (result.state === "bad" ? result.findings : [])).length;
  console.log(bad === 0 ? `\n${stack}: healthy` : `\n${stack}: ${bad} to mend, in this order`);
}

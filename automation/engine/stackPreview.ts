import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { LocalWorkspace, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { type ChangeReport, changeReport } from "../changes/changeReport.ts";
import type { ComparedResource, ComparedStack } from "../changes/comparedStack.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import { type ChartLogin, helmTemplates } from "../plan/helmTemplate.ts";
import { releasesOf } from "../plan/releases.ts";
import { readStackFile } from "../plan/stackFiles.ts";
import { keptPromises } from "../promises/checkPromises.ts";
import { type PromisesOfStack, promisesOf } from "../promises/stackPromises.ts";
import { clusterAnswers } from "./clusterAnswers.ts";
import { engineMessage } from "./engineMessage.ts";
import { legacyStack } from "./legacyLayout.ts";
import { PreviewedSteps } from "./previewEvents.ts";
import { wholePreview } from "./wholePreview.ts";

/** Options of a preview. */
export interface PreviewOptions {
  /** Interrupts the engine with grace: running steps end, and no new ones start. */
  readonly signal?: AbortSignal;
  /** The engine's environment, in addition to this process's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Previews a stack on the real engine and reports every change, object by object. Several previews can run at once.
 *
 * @throws {InvalidArgumentsError} when the stack breaks one of its promises.
 * @throws with the engine's own errors when the preview fails.
 */
export async function previewStack(stack: string, options: PreviewOptions = {}): Promise<ChangeReport> {
  const handle = await openStack(stack, options);
  const { warnings } = keptPromises(stack, await promisesIn(stack, handle, options));
  return reportOf(stack, handle, { ...options, warnings });
}

/** What becomes of the promises of an open stack. @throws as {@link promisesOf}. */
export const promisesIn = async (stack: string, handle: Stack, { signal }: PreviewOptions): Promise<PromisesOfStack> =>
  promisesOf(stack, { login: await chartLogin(handle), signal });

/** Opens a stack. A missing one is not created: how to encrypt its secrets is a decision. @throws when it does not exist. */
export async function openStack(stack: string, { environment }: PreviewOptions): Promise<Stack> {
  // Its error lists the stacks that exist.
  readStackFile(stack);
  try {
    return await LocalWorkspace.selectStack(
      { stackName: stack, workDir: process.cwd() },
      { ...(environment && { envVars: { ...environment } }) },
    );
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw new Error(explained(error));
    const { subject, text, fix } = noSuchStack(stack, error);
    throw new Error(`${subject}: ${text}. fix: ${fix}`);
  }
}

/** The change report of an open stack. @throws as {@link previewStack}. */
export async function reportOf(
  stack: string,
  handle: Stack,
  { signal, warnings = [] }: PreviewOptions & { readonly warnings?: readonly string[] },
): Promise<ChangeReport> {
  const events: EngineEvent[] = [];
  try {
    await handle.preview({ onEvent: (event) => events.push(event), color: "never", ...(signal && { signal }) });
  } catch (error) {
    const { errors } = new PreviewedSteps(events);
    throw new Error(errors.length > 0 ? errors.join("\n") : engineMessage(error));
  }
  const seen = new PreviewedSteps(wholePreview(events));
  // Charts are rendered only if a release changes: it takes seconds, and identical values make identical objects.
  const releases = seen.changes.some(({ type }) => type.endsWith(":Release"));
  const login = releases ? await chartLogin(handle) : undefined;
  const [before, after] = await Promise.all([
    rendered(seen.before, releases, login),
    rendered(seen.after, releases, login),
  ]);
  const answers = await clusterAnswers(stack, seen.changes, after, signal);
  return changeReport({
    stack,
    base: "the deployed state",
    resources: seen.changes,
    before,
    after,
    found: answers.found,
    warnings: [...new Set([...seen.warnings, ...warnings, ...answers.warnings])],
  });
}

async function rendered(
  resources: readonly ComparedResource[],
  withReleases: boolean,
  login: ChartLogin | undefined,
): Promise<ComparedStack> {
  const releases = withReleases ? releasesOf(resources) : [];
  const objects = await helmTemplates(releases, login);
  return {
    resources,
    releases: releases.map((release, i) => ({ ...release, objects: objects[i] ?? [] })),
  };
}

/** The login of the charts' repository, from the config: the engine's events hide it. */
export async function chartLogin(handle: Stack): Promise<ChartLogin | undefined> {
  const config = await handle.getAllConfig().catch((error) => {
    throw new Error(explained(error));
  });
  const [username, password] = ["Username", "Password"].map((key) => config[`logging:chartRepository${key}`]?.value);
  return username && password ? { username, password } : undefined;
}

/** The explanation of an error, or else the engine's message. */
function explained(error: unknown): string {
  const [known] = explainErrors([engineMessage(error)]);
  return known ? `${known.subject}: ${known.text}. fix: ${known.fix}` : engineMessage(error);
}

/** The finding that the backend does not have a stack, or has it where the CLI does not look. */
export const noSuchStack = (stack: string, error: StackNotFoundError): Finding =>
  legacyStack(stack, error.message) ?? {
    subject: stack,
    text: "the backend has no such stack",
    fix: `pulumi stack init ${stack} --secrets-provider azurekeyvault://VAULT.vault.azure.net/keys/KEY`,
  };

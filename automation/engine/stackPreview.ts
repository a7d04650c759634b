import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { LocalWorkspace, StackNotFoundError } from "@pulumi/pulumi/automation/index.js";
import type { Finding } from "../../components/findings.ts";
import { type ChangeReport, type ComparedStack, changeReport } from "../changes/changeReport.ts";
import { explainErrors } from "../explain/explainErrors.ts";
import { type ChartLogin, helmTemplates } from "../plan/helmTemplate.ts";
import { releasesOf } from "../plan/releases.ts";
import { readStackFile } from "../plan/stackFiles.ts";
import { engineMessage } from "./engineMessage.ts";
import { PreviewedSteps, type SeenResource, seenPool } from "./previewEvents.ts";

/** Options of a preview. */
export interface PreviewOptions {
  /** Interrupts the engine, with grace: what it is doing ends, and nothing new is begun. */
  readonly signal?: AbortSignal;
  /** Environment of the engine, beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Previews a stack on the real engine and reports what would change, object by object. Several at once do not disturb one another.
 *
 * @throws with the engine's own errors when the preview fails.
 */
export async function previewStack(stack: string, options: PreviewOptions = {}): Promise<ChangeReport> {
  return reportOf(stack, await openStack(stack, options), options);
}

/** The stack. One that is not there is not made by the way: how its secrets are encrypted is a decision. */
export async function openStack(stack: string, { environment }: PreviewOptions): Promise<Stack> {
  // Says which stacks there are.
  readStackFile(stack);
  try {
    return await LocalWorkspace.selectStack(
      { stackName: stack, workDir: process.cwd() },
      { ...(environment && { envVars: { ...environment } }) },
    );
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw new Error(explained(error));
    const { subject, text, fix } = noSuchStack(stack);
    throw new Error(`${subject}: ${text}. fix: ${fix}`);
  }
}

/** What would change in a stack that is open. @throws as `previewStack`. */
export async function reportOf(stack: string, handle: Stack, { signal }: PreviewOptions): Promise<ChangeReport> {
  const events: EngineEvent[] = [];
  try {
    await handle.preview({ onEvent: (event) => events.push(event), color: "never", ...(signal && { signal }) });
  } catch (error) {
    const { errors } = new PreviewedSteps(events);
    throw new Error(errors.length > 0 ? errors.join("\n") : engineMessage(error));
  }
  const seen = new PreviewedSteps(events);
  // Charts are rendered only where a release changes: it takes seconds, and identical values make identical objects.
  const releases = seen.changes.some(({ type }) => type.endsWith(":Release"));
  const login = releases ? await chartLogin(handle) : undefined;
  const [before, after] = await Promise.all([
    rendered(seen.before, releases, login),
    rendered(seen.after, releases, login),
  ]);
  return changeReport({
    stack,
    base: "what is deployed",
    resources: seen.changes,
    before,
    after,
    warnings: seen.warnings,
  });
}

async function rendered(
  resources: readonly SeenResource[],
  withReleases: boolean,
  login: ChartLogin | undefined,
): Promise<ComparedStack> {
  const pool = seenPool(resources);
  const releases = withReleases ? releasesOf(resources) : [];
  const objects = await helmTemplates(releases, login);
  return {
    resources,
    releases: releases.map((release, i) => ({ ...release, objects: objects[i] ?? [] })),
    ...(pool && { pool }),
  };
}

/** The login of the charts' repository, which the engine's events show as secret. */
export async function chartLogin(handle: Stack): Promise<ChartLogin | undefined> {
  const config = await handle.getAllConfig();
  const [username, password] = ["Username", "Password"].map((key) => config[`logging:chartRepository${key}`]?.value);
  return username && password ? { username, password } : undefined;
}

/** What is known of an error, else the engine's words. */
function explained(error: unknown): string {
  const [known] = explainErrors([engineMessage(error)]);
  return known ? `${known.subject}: ${known.text}. fix: ${known.fix}` : engineMessage(error);
}

/** A stack that nobody has made in the backend. */
export const noSuchStack = (stack: string): Finding => ({
  subject: stack,
  text: "the backend has no such stack",
  fix: `pulumi stack init ${stack} --secrets-provider azurekeyvault://VAULT.vault.azure.net/keys/KEY`,
});

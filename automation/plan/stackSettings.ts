import * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../../components/args.ts";
import type { AccessConfig } from "../../stack/access.ts";
import { loadConfig } from "../../stack/config.ts";
import { readStackFile } from "./stackFiles.ts";

/** A stack's config, checked. */
export interface StackSettings {
  readonly args: ResolvedArgs;
  readonly access: AccessConfig;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Reads a stack's config without an engine. Secrets are not known. Several calls wait for each other: Pulumi's runtime has one config.
 *
 * @throws {InvalidArgumentsError} with every problem of the config.
 */
export function stackSettings(stack: string, configFile?: string): Promise<StackSettings> {
  const settings = last.then(() => settingsOf(stack, configFile));
  last = settings.catch(() => undefined);
  return settings;
}

async function settingsOf(stack: string, configFile?: string): Promise<StackSettings> {
  const file = readStackFile(stack, configFile);
  await pulumi.runtime.setMocks(
    { newResource: () => ({ id: undefined, state: {} }), call: () => ({}) },
    "logging",
    file.stack,
  );
  pulumi.runtime.setAllConfig(file.config, [...file.secretKeys]);
  const { resolved, access } = loadConfig();
  return { args: resolved, access };
}

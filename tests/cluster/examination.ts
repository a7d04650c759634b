import assert from "node:assert/strict";
import type { CheckResult } from "../../automation/doctor/check.ts";
import type { Finding } from "../../components/findings.ts";
import { deployedStacks } from "./deployedStacks.ts";
import { runCommand } from "./projectCommand.ts";

/** What the doctor found, check by check. */
export type Examined = ReadonlyArray<{ readonly name: string; readonly result: CheckResult }>;

/** Runs the doctor on a stack, whether it finds something or not. */
export async function examine(stack: string, environment: Record<string, string> = {}): Promise<Examined> {
  const { engine } = await deployedStacks();
  const { stdout, stderr, code } = await runCommand(engine, "doctor", [stack, "--json"], environment);
  assert.ok(code === 0 || code === 6, stderr);
  return JSON.parse(stdout) as Examined;
}

/** The result of a check. */
export function resultOf(examined: Examined, name: string): CheckResult {
  const found = examined.find((check) => check.name === name);
  assert.ok(found, `no check ${name}`);
  return found.result;
}

/** The findings of a check: none if it is not bad. */
export function findingsOf(examined: Examined, name: string): readonly Finding[] {
  const result = resultOf(examined, name);
  return result.state === "bad" ? result.findings : [];
}

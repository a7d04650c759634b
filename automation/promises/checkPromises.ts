import { type Finding, InvalidArgumentsError } from "../../components/findings.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import type { Values } from "../../components/helm/mergeValues.ts";
import type { Breach } from "../../components/helm/promises/promise.ts";
import { breachFinding } from "../../components/helm/promises/stackPromises.ts";
import { type ChartLogin, helmTemplate } from "../plan/helmTemplate.ts";
import { type PlannedResource, type PlanOptions, planOffline } from "../plan/offlinePlan.ts";
import { releasesOf } from "../plan/releases.ts";
import type { StackFile } from "../plan/stackFiles.ts";
import { causesOf, inBoth } from "./causes.ts";
import { hatchesOf, withoutHatches } from "./hatches.ts";
import { JudgedStack } from "./judgedStack.ts";

/** Both releases of a stack, and what became of its promises. */
export interface CheckedStack {
  /** The objects of each release, in the order of `releasesOf`. Empty where the chart refuses the values, which is a finding. */
  readonly objects: readonly (readonly Manifest[])[];
  /** Each broken promise, with the value that breaks it. */
  readonly broken: readonly Finding[];
  readonly warnings: readonly string[];
}

/** Options of {@link checkPromises}. */
export interface CheckOptions extends PlanOptions {
  readonly login?: ChartLogin;
}

/**
 * Renders a stack with and without its escape hatches, and checks the stack's promises on the objects. A broken promise is traced to the
 * value of the hatch that breaks it.
 *
 * @throws with helm's own message when a chart cannot be fetched.
 */
export async function checkPromises(
  file: StackFile,
  resources: readonly PlannedResource[],
  { login, ...planOptions }: CheckOptions = {},
): Promise<CheckedStack> {
  const hatches = hatchesOf(resources);
  const given = releasesOf(resources);
  const own =
    Object.keys(hatches).length === 0
      ? given
      : releasesOf((await planOffline(withoutHatches(file), planOptions)).resources);
  const stack = new JudgedStack(
    resources,
    own,
    await Promise.all(own.map((release) => helmTemplate(release, login))),
    login,
  );
  const { objects, breaches, notes } = await stack.judge(given, true);
  const traced = await trace(stack, hatches, [...breaches, ...notes]);
  const warnings = groups(traced.filter(({ breach }) => notes.includes(breach))).map(noteText);
  const broken = traced.filter(({ breach }) => breaches.includes(breach));
  return { objects, broken: groups(broken).map(({ breach, subject }) => breachFinding(breach, subject)), warnings };
}

interface Traced {
  readonly breach: Breach;
  readonly subject: string;
}

const idOf = ({ promise, object, text }: Breach): string => `${promise} ${object} ${text}`;

/** Finds the value behind each breach: the smallest part of a hatch with which alone the stack has the same breach. */
async function trace(
  stack: JudgedStack,
  hatches: Record<string, Values>,
  breaches: readonly Breach[],
): Promise<Traced[]> {
  if (breaches.length === 0) return [];
  const wanted = new Set(breaches.map(idOf));
  const programs = breaches.some(({ promise }) => promise === "validConfig");
  const causes = new Map<string, string[]>();
  for (const [name, hatch] of Object.entries(hatches)) {
    const breaks = async (part: Values): Promise<ReadonlySet<string>> => {
      const judged = await stack.judge(stack.with(name, part), programs);
      return new Set([...judged.breaches, ...judged.notes].map(idOf));
    };
    const alone = Object.keys(hatches).length === 1 ? wanted : inBoth(await breaks(hatch), wanted);
    for (const [id, paths] of await causesOf(hatch, alone, breaks, `${name}.values`))
      causes.set(id, [...(causes.get(id) ?? []), ...paths]);
  }
  const all = Object.keys(hatches)
    .map((name) => `${name}.values`)
    .join(" and ");
  return breaches.flatMap((breach) =>
    (causes.get(idOf(breach)) ?? [all || breach.object]).map((subject) => ({ breach, subject })),
  );
}

/** One entry for each value, promise and fix. It names the first object, and counts the others. */
function groups(traced: readonly Traced[]): Traced[] {
  const alike = Map.groupBy(traced, ({ breach, subject }) => `${subject} ${breach.promise} ${breach.fix}`);
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const more = others.length === 0 ? "" : ` (and ${others.length} more like it)`;
    return [{ ...first, breach: { ...first.breach, text: `${first.breach.text}${more}` } }];
  });
}

const noteText = ({ breach: { object, text, fix }, subject }: Traced): string =>
  `${subject}: ${object}: ${text}. ${fix}.`;

/** A rendered stack that breaks no promise. @throws {InvalidArgumentsError} with every promise that it breaks. */
export function keptPromises<T extends { readonly broken?: readonly Finding[] }>(stack: string, rendered: T): T {
  const { broken = [] } = rendered;
  if (broken.length > 0) throw new InvalidArgumentsError(`Promises of ${stack}`, broken);
  return rendered;
}

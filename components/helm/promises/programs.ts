import { isDeepStrictEqual } from "node:util";
import type { Fields, Manifest } from "../manifest.ts";
import {
  containerPairs,
  contains,
  counterpart,
  type Pair,
  pairsOf,
  runsLoki,
  titleOf,
  workloadsOf,
} from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const breach = (object: string, text: string, fix: string): Breach => ({ promise: "programs", object, text, fix });

/** Variables of Go's runtime, which people tune. */
const TUNABLE = ["GOGC", "GOMEMLIMIT", "GOMAXPROCS"];

/** ConfigMaps that other checks read. */
const CHECKED_ELSEWHERE = ["loki", "loki-runtime", "loki-gateway"];

/** Every workload is there, and each container has its command, arguments, variables and files. */
export function programs({ own, given }: Sides): Breach[] {
  const missing = workloadsOf(own).filter(({ object }) => !counterpart(object, given));
  return [
    ...given
      .filter((object, i) => counterpart(object, given.slice(0, i)))
      .map((object) => breach(titleOf(object), "is rendered twice", "give your object another name")),
    ...missing.map(({ title }) => breach(title, "is no longer rendered", `remove the value: ${WITHOUT}`)),
    ...configMaps(own, given),
    ...pairsOf(own, given).flatMap((pair) => [
      ...lostContainers(pair),
      ...containerPairs(pair).flatMap((containers) => [
        ...commands(pair, containers),
        ...variables(pair, containers),
        ...files(pair, containers),
      ]),
    ]),
  ];
}

const WITHOUT = "the stack needs this workload, under this name and in this namespace";

function configMaps(own: readonly Manifest[], given: readonly Manifest[]): Breach[] {
  return own
    .filter(({ kind }) => kind === "ConfigMap")
    .flatMap((object) => {
      const now = counterpart(object, given);
      const title = titleOf(object);
      if (!now)
        return [breach(title, "is no longer rendered", "leave the config in a ConfigMap, under the chart's name")];
      if (CHECKED_ELSEWHERE.includes(object.metadata.name) || isDeepStrictEqual(object.data, now.data)) return [];
      return [
        {
          promise: "pipeline",
          object: title,
          text: "holds something else than the stack's pipeline",
          fix: "alloy.exclude, alloy.multiline, alloy.drop, alloy.mask and alloy.bufferMiB change the pipeline; for another one: promisesGivenUp: [pipeline]",
        },
      ];
    });
}

const lostContainers = ({ own, given }: Pair): Breach[] =>
  own.containers
    .filter(({ name }) => !given.containers.some((container) => container.name === name))
    .map(({ name }) => breach(given.title, `has no container ${name}`, "remove the value that renames or removes it"));

type Containers = ReturnType<typeof containerPairs>[number];

/** Flags that change no behaviour of Loki. All others are settings, which belong into its config, where they are checked. */
const LOG_FLAG = /^--?(log\.(level|format)|log-config-reverse-order|print-config-stderr)(=|$)/;

function commands({ given: { title } }: Pair, { own, given }: Containers): Breach[] {
  const found: Breach[] = [];
  for (const field of ["command", "workingDir"])
    if (!isDeepStrictEqual(own[field], given[field]))
      found.push(breach(title, `container ${own.name} has another ${field}`, "remove it"));
  const [before, now]: string[][] = [own.args ?? [], given.args ?? []].map((args) => args.map(String)) as [
    string[],
    string[],
  ];
  const kept = before.every((arg) => now.includes(arg));
  if (!kept) {
    const gone = before.filter((arg) => !now.includes(arg));
    found.push(
      breach(
        title,
        `container ${own.name} lost its argument ${gone[0]?.slice(0, 60)}`,
        "remove the value that replaces it",
      ),
    );
  }
  const flags = before.map(flagOf);
  const more = subtract(now, before);
  // A program without arguments takes its settings from files alone.
  const repeated = more.filter((arg) => before.length === 0 || (/^-/.test(arg) && flags.includes(flagOf(arg))));
  const settings = runsLoki(own) ? more.filter((arg) => !LOG_FLAG.test(arg)) : [];
  for (const arg of new Set([...repeated, ...settings]))
    found.push(
      breach(
        title,
        `container ${own.name} gets the argument ${flagOf(arg)}, which overrides its config`,
        runsLoki(own)
          ? "set it below loki.values.loki.structuredConfig, where it is checked"
          : "remove it: the stack sets this argument",
      ),
    );
  return found;
}

/** A flag without its dashes and its value. */
const flagOf = (arg: string): string => arg.replace(/^-+/, "").replace(/=.*$/s, "");

/** The entries of a list without those of another, each as often as it is there. */
function subtract(list: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return list.filter((entry) => {
    const at = left.indexOf(entry);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function variables({ given: { title } }: Pair, { own, given }: Containers): Breach[] {
  const variable = (env: Fields[] | undefined, name: string): Fields =>
    (env ?? []).findLast((entry) => entry.name === name);
  return (own.env ?? [])
    .filter(({ name }: Fields) => !TUNABLE.includes(name))
    .filter(({ name }: Fields) => !isDeepStrictEqual(variable(own.env, name), variable(given.env, name)))
    .map(({ name }: Fields) =>
      breach(
        title,
        `container ${own.name} has another value of ${name}, or none`,
        "rename your variable: the stack sets this one",
      ),
    );
}

/** The files of a container, from the same volumes, and with nothing of the hatch in or over them. */
function files({ own: before, given: now }: Pair, { own, given }: Containers): Breach[] {
  const volume = (pod: Fields, name: string): Fields =>
    (pod.volumes ?? []).find((entry: Fields) => entry.name === name);
  const mounts: Fields[] = own.volumeMounts ?? [];
  const fix = "use another volume name and another path in extraVolumes and extraVolumeMounts";
  const lost = mounts.filter(
    (mount) =>
      !contains(given.volumeMounts, mount) ||
      !isDeepStrictEqual(volume(before.pod, mount.name), volume(now.pod, mount.name)),
  );
  const covering = (given.volumeMounts ?? []).filter(
    (mount: Fields) =>
      !contains(mounts, mount) &&
      mounts.some(
        ({ name, mountPath }) =>
          mount.mountPath === mountPath ||
          (mount.mountPath.startsWith(`${mountPath}/`) && !isScratch(volume(before.pod, name))),
      ),
  );
  return [
    ...lost.map(({ mountPath }) => breach(now.title, `container ${own.name} has something else at ${mountPath}`, fix)),
    ...covering.map(({ mountPath }: Fields) =>
      breach(now.title, `container ${own.name} has a mount at ${mountPath}, over the stack's files`, fix),
    ),
  ];
}

/** Whether a volume holds nothing of the stack: an empty folder, or the node's logs. */
const isScratch = (volume: Fields): boolean => volume?.emptyDir !== undefined || volume?.hostPath?.path === "/var/log";

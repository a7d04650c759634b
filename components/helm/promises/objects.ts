import { isDeepStrictEqual } from "node:util";
import type { Fields, Manifest } from "../manifest.ts";

/** An object that makes pods. */
export interface Workload {
  readonly title: string;
  readonly object: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: Fields;
  /** Init containers too. */
  readonly containers: readonly Fields[];
}

/** `Deployment loki-gateway`. */
export const titleOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

/** The object of the same kind, name and namespace, whatever the version of its API. */
export const counterpart = (object: Manifest, others: readonly Manifest[]): Manifest | undefined =>
  others.find((other) => titleOf(other) === titleOf(object) && other.metadata.namespace === object.metadata.namespace);

/** Objects that only the second side has. */
export const added = (own: readonly Manifest[], given: readonly Manifest[]): Manifest[] =>
  given.filter((object) => !counterpart(object, own));

/** Every object that makes pods. */
export const workloadsOf = (objects: readonly Manifest[]): Workload[] =>
  objects.flatMap((object): Workload[] => {
    const template = templateOf(object);
    if (!template?.spec?.containers) return [];
    const { containers, initContainers = [] } = template.spec;
    return [
      {
        title: titleOf(object),
        object,
        labels: template.metadata?.labels ?? {},
        pod: template.spec,
        containers: [...(initContainers ?? []), ...containers],
      },
    ];
  });

function templateOf(object: Fields): Fields {
  if (object.kind === "Pod") return object;
  return object.spec?.jobTemplate?.spec?.template ?? object.spec?.template;
}

/** A workload of the stack with its counterpart. One that is missing breaks `programs`, and no other check looks at it. */
export interface Pair {
  readonly own: Workload;
  readonly given: Workload;
}

export const pairsOf = (own: readonly Manifest[], given: readonly Manifest[]): Pair[] =>
  workloadsOf(own).flatMap((workload) => {
    const [found] = workloadsOf(given).filter(({ object }) => counterpart(workload.object, [object]) !== undefined);
    return found ? [{ own: workload, given: found }] : [];
  });

/** Containers of the stack with their counterparts. */
export const containerPairs = ({ own, given }: Pair): Array<{ readonly own: Fields; readonly given: Fields }> =>
  own.containers.flatMap((container) => {
    const found = given.containers.find(({ name }) => name === container.name);
    return found ? [{ own: container, given: found }] : [];
  });

/** Whether Loki itself runs in a container: as write, read or backend. */
export const runsLoki = ({ args = [] }: Fields): boolean =>
  (args ?? []).some((arg: unknown) => /^-target=/.test(String(arg)));

/** Whether an entry is in a list. */
export const contains = (list: readonly unknown[] | null | undefined, entry: unknown): boolean =>
  (list ?? []).some((other) => isDeepStrictEqual(other, entry));

/** Whether a label selector's `matchLabels` are among these labels. An empty selector selects everything. */
export const selects = (selector: Fields, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

/** A value as an error shows it. Only for values that are never secret. */
export const shown = (value: unknown): string =>
  value === undefined || value === null ? "nothing" : JSON.stringify(value);

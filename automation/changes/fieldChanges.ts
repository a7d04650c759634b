import { diffLines } from "diff";
import microdiff from "microdiff";
import { parse } from "yaml";
import { isSecret } from "../../components/helm/secretsInValues.ts";
import { CHANGED_SECRET, MARKED_SECRET, SECRET } from "../plan/secretMarks.ts";

/** One field that differs between two objects. */
export interface FieldChange {
  /** `spec.template.spec.containers[loki].image`: entries of lists go by their name where they have one. */
  readonly path: string;
  readonly op: "added" | "removed" | "changed";
  /** Absent for what was added, and where `lines` tell more. */
  readonly before?: unknown;
  /** Absent for what was removed, and where `lines` tell more. */
  readonly after?: unknown;
  /** Of a longer text or a list of texts: the lines that went (`-`) and came (`+`). */
  readonly lines?: readonly string[];
}

type Step = string | number;

/**
 * The fields in which two objects differ, with secrets masked. Lists of named things are compared by name, files inside a
 * ConfigMap by their own structure (YAML) or line by line.
 *
 * @param hidden Top-level keys of which no value is ever shown, as `data` of a Secret.
 */
export function fieldChanges(before: unknown, after: unknown, hidden: readonly string[] = []): FieldChange[] {
  const [a, b] = align(before ?? {}, after ?? {}, "");
  return microdiff({ "": a }, { "": b })
    .filter(({ path }) => path.length > 0)
    .map((difference) => {
      const path = difference.path.slice(1);
      const op =
        difference.type === "CREATE" ? "added" : difference.type === "REMOVE" ? "removed" : ("changed" as const);
      const old = difference.type === "CREATE" ? undefined : difference.oldValue;
      const now = difference.type === "REMOVE" ? undefined : difference.value;
      return fieldChange(path, op, old, now, hidden.includes(String(path[0])));
    });
}

function fieldChange(
  steps: readonly Step[],
  op: FieldChange["op"],
  old: unknown,
  now: unknown,
  hidden: boolean,
): FieldChange {
  const path = pathText(steps);
  const key = secretKey(steps);
  const mask = (value: unknown): unknown => (hidden ? hideAll(value) : maskSecrets(unalign(value), key));
  if (op === "added") return { path, op, after: mask(now) };
  if (op === "removed") return { path, op, before: mask(old) };
  if (isText(old) && isText(now)) {
    return {
      path,
      op,
      lines: hidden ? [`-${SECRET}`, `+${CHANGED_SECRET}`] : changedLines(old, now, key),
    };
  }
  const shown = { before: mask(old), after: mask(now) };
  const same = JSON.stringify(shown.before) === JSON.stringify(shown.after);
  return { path, op, before: shown.before, after: same ? CHANGED_SECRET : shown.after };
}

const isText = (value: unknown): value is string => typeof value === "string" && value.includes("\n");

function changedLines(old: string, now: string, key: string): string[] {
  const lines = diffLines(old, now).flatMap(({ added, removed, value }) =>
    added || removed
      ? value
          .replace(/\n$/, "")
          .split("\n")
          .map((line) => `${added ? "+" : "-"}${maskSecrets(line, key)}`)
      : [],
  );
  // Masked, a changed secret would be the same line twice.
  const gone = new Set(lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1)));
  return lines.map((line) =>
    line.startsWith("+") && gone.has(line.slice(1)) && line.includes(SECRET)
      ? line.replaceAll(SECRET, CHANGED_SECRET)
      : line,
  );
}

/** The name that says what a value is: its key, or that of the environment variable it belongs to. */
function secretKey(steps: readonly Step[]): string {
  const last = String(steps.at(-1) ?? "");
  const owner = last === "value" || last === LINES ? String(steps.at(-2) ?? "") : last;
  return owner.replace(/^\[(.*)\]$/, "$1");
}

/** The value with everything masked that is a secret, or looks like one. */
export function maskSecrets(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((entry) => maskSecrets(entry, key));
  if (typeof value === "object" && value !== null) {
    const map = value as Record<string, unknown>;
    const name = typeof map.name === "string" ? map.name : "";
    return Object.fromEntries(
      Object.entries(map).map(([k, child]) => [k, maskSecrets(child, k === "value" ? name : k)]),
    );
  }
  if (typeof value !== "string") return isSecret(value, key) ? SECRET : value;
  const text = value.replace(MARKED_SECRET, SECRET);
  return isSecret(text, key) ? SECRET : text;
}

function hideAll(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return SECRET;
  return Object.fromEntries(Object.keys(value).map((key) => [key, SECRET]));
}

/** Keys that tell the entries of a Kubernetes list apart, first match first; `from` is Loki's schema periods. */
const NAMES = ["name", "metadata.name", "mountPath", "from", "containerPort", "topologyKey", "key"];

const nameOf = (entry: unknown, name: string): unknown =>
  name.split(".").reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), entry);

/** Stands for a list of texts, which is compared line by line. */
const LINES = "[lines]";

/** Both values in a form in which the same thing stands at the same path, however lists are ordered. */
function align(before: unknown, after: unknown, key: Step): [unknown, unknown] {
  if (Array.isArray(before) && Array.isArray(after)) return alignLists(before, after);
  if (isMap(before) && isMap(after)) {
    const pairs = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((k) => {
      const [a, b] = align(before[k], after[k], k);
      return [k, a, b] as const;
    });
    return [
      Object.fromEntries(pairs.filter(([k]) => k in before).map(([k, a]) => [k, a])),
      Object.fromEntries(pairs.filter(([k]) => k in after).map(([k, , b]) => [k, b])),
    ];
  }
  if (isText(before) && isText(after) && /\.ya?ml$/.test(String(key))) {
    const [a, b] = [yamlMap(before), yamlMap(after)];
    // Where only comments or layout differ, the text has to tell: it changes checksums all the same.
    if (a && b && JSON.stringify(a) !== JSON.stringify(b)) return align(a, b, "");
  }
  return [before, after];
}

function alignLists(before: unknown[], after: unknown[]): [unknown, unknown] {
  const name = NAMES.find((candidate) => tellsApart(before, candidate) && tellsApart(after, candidate));
  if (name) {
    const byName = (list: unknown[]) => Object.fromEntries(list.map((entry) => [`[${nameOf(entry, name)}]`, entry]));
    const [a, b] = align(byName(before), byName(after), "") as [Record<string, unknown>, Record<string, unknown>];
    const [orderA, orderB] = [Object.keys(byName(before)), Object.keys(byName(after))];
    // Another order of the same entries is a change too: of environment variables that refer to each other, for one.
    if (orderA.join() !== orderB.join() && [...orderA].sort().join() === [...orderB].sort().join())
      return [
        { ...a, "[order]": orderA.join(" ") },
        { ...b, "[order]": orderB.join(" ") },
      ];
    return [a, b];
  }
  if ([...before, ...after].every((entry) => typeof entry === "string"))
    return [{ [LINES]: `${before.join("\n")}\n` }, { [LINES]: `${after.join("\n")}\n` }];
  const pairs = Array.from({ length: Math.max(before.length, after.length) }, (_, i) => align(before[i], after[i], i));
  return [pairs.map(([a]) => a).slice(0, before.length), pairs.map(([, b]) => b).slice(0, after.length)];
}

const tellsApart = (list: readonly unknown[], name: string): boolean =>
  list.length > 0 &&
  list.every((entry) => ["string", "number"].includes(typeof nameOf(entry, name))) &&
  new Set(list.map((entry) => nameOf(entry, name))).size === list.length;

/** A part that came or went as a whole, back in the form in which people know it. */
function unalign(value: unknown): unknown {
  return isMap(value) && LINES in value ? String(value[LINES]).trimEnd().split("\n") : value;
}

function yamlMap(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = parse(text) as unknown;
    return isMap(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pathText = (steps: readonly Step[]): string =>
  steps
    .filter((step) => step !== LINES)
    .reduce<string>((text, step) => {
      if (typeof step === "number") return `${text}[${step}]`;
      if (step.startsWith("[")) return `${text}${step}`;
      // A key with dots in it, as annotations and files have, would otherwise read like a path.
      const part = step.includes(".") ? `"${step}"` : step;
      return text ? `${text}.${part}` : part;
    }, "");

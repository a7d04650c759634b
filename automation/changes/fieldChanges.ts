import { diffLines } from "diff";
import microdiff from "microdiff";
import { align, LINES, unalign } from "../../components/helm/alignObjects.ts";
import { isSecret } from "../../components/secretPlaces.ts";
import { CHANGED_SECRET, MARKED_SECRET, SECRET } from "../plan/secretMarks.ts";

/** One field that differs between two objects. */
export interface FieldChange {
  /** `spec.template.spec.containers[loki].image`: named entries of a list are found by their name. */
  readonly path: string;
  readonly op: "added" | "removed" | "changed";
  /** Absent for an added field, and with `lines`. */
  readonly before?: unknown;
  /** Absent for a removed field, and with `lines`. */
  readonly after?: unknown;
  /** Removed (`-`) and added (`+`) lines of a longer text or of a list of texts. */
  readonly lines?: readonly string[];
}

type Step = string | number;

/**
 * The fields in which two objects differ, with secrets masked. Lists of named entries are compared by name, files inside a ConfigMap
 * by their structure (YAML) or line by line.
 *
 * @param hidden Top-level keys whose values are never shown, as `data` of a Secret.
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
  // A changed secret is masked to the same text on both sides.
  const gone = new Set(lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1)));
  return lines.map((line) =>
    line.startsWith("+") && gone.has(line.slice(1)) && line.includes(SECRET)
      ? line.replaceAll(SECRET, CHANGED_SECRET)
      : line,
  );
}

/** The key by which a secret is recognised: the value's own, or the name of its environment variable. */
function secretKey(steps: readonly Step[]): string {
  const last = String(steps.at(-1) ?? "");
  const owner = last === "value" || last === LINES ? String(steps.at(-2) ?? "") : last;
  return owner.replace(/^\[(.*)\]$/, "$1");
}

/** The value with every part masked that is a secret, or looks like one. */
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

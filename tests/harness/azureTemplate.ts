// Expands a pipeline file as Azure Pipelines does before a run: `${{ each }}`, `${{ if }}` and `${{ expressions }}`, as far as this
// project's file uses them. https://learn.microsoft.com/azure/devops/pipelines/process/template-expressions
import { parse } from "yaml";

type Scope = Readonly<Record<string, unknown>>;

/** The functions that this project's expressions use. Strings have no escapes: '\n' is a backslash and an n. */
const FUNCTIONS: Scope = {
  eq: (a: unknown, b: unknown) => a === b,
  replace: (text: string, from: string, to: string) => text.replaceAll(from, to),
  join: (separator: string, list: readonly unknown[]) => list.join(separator),
  convertToJson: (value: unknown) => JSON.stringify(value, null, 2),
};

function evaluate(expression: string, scope: Scope): unknown {
  const names = { ...FUNCTIONS, ...scope };
  const literal = expression.replaceAll("\\", "\\\\");
  return new Function(...Object.keys(names), `return (${literal});`)(...Object.values(names));
}

/** The expanded file. @param parameters replace the defaults in the file. */
export function expandTemplate(text: string, parameters: Scope = {}): Record<string, unknown> {
  const document = parse(text) as { parameters?: ReadonlyArray<{ name: string; default: unknown }> };
  const defaults = Object.fromEntries((document.parameters ?? []).map(({ name, default: value }) => [name, value]));
  return expand(document, { parameters: { ...defaults, ...parameters } }) as Record<string, unknown>;
}

function expand(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return expandText(value, scope);
  if (Array.isArray(value)) {
    return value.flatMap((entry) => {
      const [directive, body] = Object.entries(entry ?? {})[0] ?? [];
      const scopes = typeof entry === "object" && directive ? repeated(directive, scope) : undefined;
      return scopes ? scopes.flatMap((inner) => expand(body, inner) as unknown[]) : [expand(entry, scope)];
    });
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]): Array<[string, unknown]> => {
      const scopes = repeated(key, scope);
      if (scopes) return scopes.flatMap((inner) => Object.entries(expand(child, inner) as object));
      return [[String(expandText(key, scope)), expand(child, scope)]];
    }),
  );
}

/** The scopes in which a directive's content is repeated. `undefined` if the key is not a directive. */
function repeated(key: string, scope: Scope): Scope[] | undefined {
  const [, name, list] = /^\$\{\{ each (\w+) in (.+) \}\}$/.exec(key) ?? [];
  if (name && list) return (evaluate(list, scope) as unknown[]).map((entry) => ({ ...scope, [name]: entry }));
  const [, condition] = /^\$\{\{ if (.+) \}\}$/.exec(key) ?? [];
  return condition ? (evaluate(condition, scope) ? [scope] : []) : undefined;
}

function expandText(text: string, scope: Scope): unknown {
  const [, whole] = /^\$\{\{ ((?:(?!\}\}).)+) \}\}$/.exec(text) ?? [];
  if (whole) return evaluate(whole, scope);
  return text.replaceAll(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => String(evaluate(expression, scope)));
}

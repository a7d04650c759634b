// Pieces of OTTL, the language of the collector's processors.
// https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.153.0/pkg/ottl
import { patternRegex } from "./namespacePatterns.ts";

/** A text as a literal. The collector reads `$` as the start of a variable: `$$` is one dollar. */
export const literal = (text: string): string => JSON.stringify(text).replaceAll("$", "$$$$");

/** The condition that a line is from one of these namespaces. */
export const inNamespaces = (patterns: readonly string[]): string => {
  const [only] = patterns;
  return patterns.length === 1 && only !== undefined && !only.includes("*")
    ? `resource.attributes["namespace"] == ${literal(only)}`
    : `IsMatch(resource.attributes["namespace"], ${literal(`^(?:${patterns.map(patternRegex).join("|")})$`)})`;
};

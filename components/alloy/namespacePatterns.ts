import { z } from "zod";
import { explained, text } from "../argumentTypes.ts";

/** A namespace, or a pattern for several. `*` alone would be every pod of the cluster, the platform's own included. */
export const isNamespacePattern = (pattern: string): boolean =>
  /^[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?$/.test(pattern) && !pattern.includes("**") && /[a-z0-9]/.test(pattern);

/** Namespaces that a rule is about. */
export const namespacePatterns = z
  .array(
    text.refine(
      isNamespacePattern,
      explained({
        text: "a namespace (team-a), or a pattern in which * stands for any characters (team-*); not * alone",
        fix: "write the namespaces that are meant, as `kubectl get namespaces` prints them",
      }),
    ),
  )
  .min(1);

/** A pattern as a regular expression for a whole name. Only * is special in a pattern. */
export const patternRegex = (pattern: string): string => pattern.replaceAll(".", "\\.").replaceAll("*", ".*");

/** Whether a pattern matches a name. */
export const matchesPattern = (pattern: string, name: string): boolean =>
  new RegExp(`^${patternRegex(pattern)}$`).test(name);

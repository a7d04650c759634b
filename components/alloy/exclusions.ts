import { isNamespacePattern, matchesPattern } from "./namespacePatterns.ts";

/** A pattern for namespaces, or for pods in them. */
export function isExclusion(pattern: string): boolean {
  const [namespace = "", ...pods] = pattern.split("/");
  return (
    isNamespacePattern(namespace) &&
    pods.length <= 1 &&
    pods.every((pod) => /^[a-z0-9*][a-z0-9.*-]*$/.test(pod) && pod !== "*" && !pod.includes("**"))
  );
}

const FOLDERS = "/var/{log/pods,lib/alloy/replay}/";

/**
 * The exclusions as globs. The kubelet's folders are `<namespace>_<pod>_<uid>`, and it packs a rotated file under a name that ends in `.tmp`.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/filelogreceiver
 */
export const excludeGlobs = (exclude: readonly string[]): string[] => [
  "/var/log/pods/*/*/*.tmp",
  ...exclude.map((pattern) => {
    const [namespace, pod = "*"] = pattern.split("/");
    return `${FOLDERS}${namespace}_${pod}_*/*/*`;
  }),
];

/** The patterns of the globs that `excludeGlobs` made, which are in the environment as JSON. */
export const exclusionsIn = (globs: string): string[] =>
  globs
    .split('"')
    .filter((glob) => glob.startsWith(FOLDERS))
    .map((glob) => {
      const [namespace = "", pod = "*"] = glob.slice(FOLDERS.length).split("_");
      return pod === "*" ? namespace : `${namespace}/${pod}`;
    });

/** The exclusion that keeps a pod's lines from being collected. */
export const excludedBy = (exclude: readonly string[], namespace: string, pod: string): string | undefined =>
  exclude.find((pattern) => {
    const [excluded = "", name = "*"] = pattern.split("/");
    return matchesPattern(excluded, namespace) && matchesPattern(name, pod);
  });

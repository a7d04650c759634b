import { readStackFile, type StackFile, stackNames } from "../automation/plan/stackFiles.ts";

/** The other stack files of the project. Files that cannot be read are left out: checking their own stack reports them. */
export const otherStackFiles = (stack: string): StackFile[] =>
  stackNames()
    .filter((name) => name !== stack)
    .flatMap((name) => {
      try {
        return [readStackFile(name)];
      } catch {
        return [];
      }
    });

/** A group of another stack's file, unchecked. Empty if it is not a map: checking that stack reports it. */
export function groupOf({ config }: StackFile, group: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(config[`logging:${group}`] ?? "{}") as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}

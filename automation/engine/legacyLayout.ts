import type { Finding } from "../../components/findings.ts";

/** How the CLI of today refuses a backend whose states have no project in their paths. */
export const LEGACY_BACKEND = /Legacy DIY state is deprecated/;

/**
 * The finding about a self-managed backend from before CLI 3.61, where states have no project in their paths. `state upgrade` itself is
 * refused without the variable (as seen on 3.270). https://github.com/pulumi/pulumi/issues/19566
 */
export const LEGACY_LAYOUT: Omit<Finding, "text"> = {
  subject: "the backend",
  fix: "copy the backend's folder .pulumi as a backup, then: PULUMI_DIY_BACKEND_IGNORE_DEPRECATION_ERROR=1 pulumi state upgrade --yes. Do not create the stack again: its state would be empty. The upgrade skips a state without resources, whose file can be deleted",
};

/** A finding if the CLI does not find a stack because its state is still in the legacy layout, beside states in today's. */
export function legacyStack(stack: string, message: string): Finding | undefined {
  const [, list = ""] = /Found legacy stack files in state store:\n((?: +- .+\n)+)/.exec(message) ?? [];
  const names = [...list.matchAll(/- (.+)/g)].map(([, name = ""]) => name.trim());
  if (!names.includes(stack)) return undefined;
  return {
    ...LEGACY_LAYOUT,
    text: `has the state of ${stack} in the legacy layout, where the CLI does not look for it`,
  };
}

/**
 * A finding if a backend lists its stacks without their project, which only a self-managed one in the legacy layout does.
 *
 * @param names Stacks of all projects, as `pulumi stack ls --all` prints them.
 */
export function legacyNames(names: readonly string[]): Finding | undefined {
  const bare = names.filter((name) => !name.includes("/"));
  if (bare.length === 0) return undefined;
  return {
    ...LEGACY_LAYOUT,
    text: `has the legacy layout, without the project in the path of a state (${bare.join(", ")}); Pulumi ends it in 2026`,
  };
}

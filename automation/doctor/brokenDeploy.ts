import type { V1Secret } from "@kubernetes/client-node";
import { COMPONENT_TYPE } from "../../components/componentType.ts";
import type { Finding } from "../../components/findings.ts";
import { helmRevisions } from "../../stack/failedRevisions.ts";
import type { StackState, StateResource } from "../engine/stackState.ts";
import { keyOfUrn, nameOf, resourceKey } from "../engine/urn.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";

/**
 * Operations that a killed engine left in the state, and with them most likely the stack's lock. The refresh only clears the entries:
 * resources that were created all the same are found by {@link unknownToState}. (The engine's own `--import-pending-creates` left out
 * what it was given, as seen on 3.270.)
 */
export function pendingOperations(stack: string, { pending_operations = [] }: StackState): Finding[] {
  if (pending_operations.length === 0) return [];
  const operations = pending_operations.map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`).join(", ");
  return [
    {
      subject: "the state",
      text: `has unfinished operations of a deploy that was killed, or is still running: ${operations}`,
      fix: `pulumi cancel --stack ${stack} --yes; npm run deploy -- refresh --stack ${stack} --clear-pending-creates`,
    },
  ];
}

/**
 * Planned resources that exist, but are not in the state: a deploy was killed before it recorded them, or they were created outside of
 * the stack. The next deploy would fail to create them.
 */
export async function unknownToState(
  stack: string,
  planned: readonly PlannedResource[],
  { resources = [], pending_operations = [] }: StackState,
  idOf: (resource: Pick<StateResource, "type" | "inputs">) => Promise<string | undefined>,
): Promise<Finding[]> {
  const known = new Set(
    [...resources, ...pending_operations.map(({ resource }) => resource)].map(({ urn }) => keyOfUrn(urn)),
  );
  const urnOf = (type: string): string | undefined => resources.find((resource) => resource.type === type)?.urn;
  const parent = urnOf(COMPONENT_TYPE);
  const findings = await Promise.all(
    planned
      .filter((resource) => !known.has(resourceKey(resource)))
      .map(async ({ type, name, inputs, protect }): Promise<Finding[]> => {
        const id = await idOf({ type, inputs });
        if (id === undefined) return [];
        const provider = urnOf(`pulumi:providers:${type.split(":")[0]}`);
        const text = "exists, but is not in the state: a deploy was killed, or it was created outside of the stack";
        const command = `pulumi import '${type}' ${name} '${id}' --stack ${stack} --yes --skip-preview --generate-code=false --protect=${protect}`;
        const fix =
          parent && provider
            ? `${command} --parent 'logging=${parent}' --provider 'provider=${provider}'`
            : "docs/adopting.md; or remove it, if nothing needs it";
        return [{ subject: `${type.split(":").pop()} ${id}`, text, fix }];
      }),
  );
  return findings.flat();
}

/**
 * Releases whose newest revision is pending, which Helm refuses to change. The fix deletes only the revision's record: its objects stay,
 * with their volumes, and the next revision takes them over.
 */
export function pendingReleases(namespace: string, secrets: readonly V1Secret[]): Finding[] {
  const newest = [...Map.groupBy(helmRevisions(secrets), ({ name }) => name).values()].map(([first]) => first);
  return newest.flatMap((revision) =>
    revision && /^(pending-|uninstalling)/.test(revision.status)
      ? [
          {
            subject: `Helm release ${revision.name}`,
            text: `revision ${revision.version} was left ${revision.status}: a deploy was killed`,
            fix: `kubectl -n ${namespace} delete secret ${revision.secret}`,
          },
        ]
      : [],
  );
}

/** Secrets of the state that are missing in the cluster, or were created again outside of the stack. */
export function driftedSecrets(stack: string, { resources = [] }: StackState, secrets: readonly V1Secret[]): Finding[] {
  return resources
    .filter(({ type }) => type === "kubernetes:core/v1:Secret")
    .flatMap((resource): Finding[] => {
      const { name, uid } = (resource.outputs?.metadata ?? {}) as { name?: string; uid?: string };
      const live = secrets.find(({ metadata }) => metadata?.name === name);
      if (!name || live?.metadata?.uid === uid) return [];
      return [
        {
          subject: `Secret ${name}`,
          text: live
            ? "was deleted, and created again outside of the stack"
            : "is in the state, but not in the cluster",
          fix: `npm run deploy -- refresh --stack ${stack} && npm run deploy -- up --stack ${stack}`,
        },
      ];
    });
}

/** Secrets named like ours that neither the state nor a pod uses: a killed deploy left them. */
export function orphanedSecrets(
  namespace: string,
  { resources = [] }: StackState,
  secrets: readonly V1Secret[],
  used: ReadonlySet<string>,
): Finding[] {
  const known = resources
    .filter(({ type }) => type === "kubernetes:core/v1:Secret")
    .map((resource) => ({
      prefix: `${nameOf(resource.urn)}-`,
      name: String((resource.outputs?.metadata as { name?: string } | undefined)?.name),
    }));
  const orphans = secrets
    .map(({ metadata }) => metadata?.name ?? "")
    .filter(
      (name) =>
        known.some(({ prefix }) => isAutoName(name, prefix)) && !known.some((k) => k.name === name) && !used.has(name),
    );
  return orphans.length === 0
    ? []
    : [
        {
          subject: "Secrets",
          text: `${orphans.join(", ")}: left by a killed deploy, and not in use`,
          fix: `kubectl -n ${namespace} delete secret ${orphans.join(" ")}`,
        },
      ];
}

/** Names that Pulumi generates end with eight hexadecimal digits. */
const isAutoName = (name: string, prefix: string): boolean =>
  name.startsWith(prefix) && /^[0-9a-f]{7,8}$/.test(name.slice(prefix.length));

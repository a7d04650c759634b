import { COMPONENT_TYPE } from "../../components/componentType.ts";
import { resourceKey } from "../engine/urn.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";
import { type FieldChange, fieldChanges } from "./fieldChanges.ts";

/** What Pulumi does to one resource. */
export interface ResourceChange {
  readonly op: "create" | "update" | "replace" | "delete";
  readonly type: string;
  readonly name: string;
  /** Why it is replaced or deleted. */
  readonly reason?: string;
  /** Whether the engine refuses to delete it. */
  readonly protect: boolean;
  /** It was protected, and no longer is. */
  readonly unprotected?: boolean;
  readonly fields: readonly FieldChange[];
  /** Inputs before and after, masked. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

const KUBERNETES_IDENTITY = [/^metadata\.(name|namespace)$/, /^(kind|apiVersion)$/];

/**
 * Fields that providers cannot change in place, for the types that this project registers. `npm run preview` asks the providers
 * themselves. All other immutable fields of an AgentPool are part of its name.
 */
const REPLACED_BY: ReadonlyArray<readonly [type: RegExp, fields: readonly RegExp[]]> = [
  [/:Release$/, [/^(name|namespace)$/]],
  [/^kubernetes:/, KUBERNETES_IDENTITY],
  [/:AgentPool$/, [/^(agentPoolName|resourceGroupName|resourceName)$/]],
  [/:S3Bucket$/, [/^(bucket|bucketPrefix|objectLocking)$/]],
  [/:(IamUser|IamPolicy)$/, [/^(name|namePrefix)$/]],
  [/:IamUserPolicyAttachment$/, [/^(userName|policyName)$/]],
  [/:RandomPassword$/, [/^/]],
];

/** Fields whose change replaces an immutable object. */
const HELD = /^(data|stringData|binaryData|immutable|type)(\.|$)/;

function replacing(resource: PlannedResource, before: PlannedResource, { path }: FieldChange): boolean {
  if (before.inputs.immutable === true && HELD.test(path)) return true;
  return (REPLACED_BY.find(([type]) => type.test(resource.type))?.[1] ?? []).some((field) => field.test(path));
}

const ORDER: readonly ResourceChange["op"][] = ["delete", "replace", "update", "create"];

/** Sorts as a report does: deletions, replacements, updates, creations. */
export const byWeight = (a: ResourceChange, b: ResourceChange): number =>
  ORDER.indexOf(a.op) - ORDER.indexOf(b.op) || compare(`${a.name} ${a.type}`, `${b.name} ${b.type}`);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What the engine would do to get from one offline plan to the other. */
export function resourceChanges(
  before: readonly PlannedResource[],
  after: readonly PlannedResource[],
): ResourceChange[] {
  const old = new Map(before.map((resource) => [resourceKey(resource), resource]));
  const now = new Map(after.map((resource) => [resourceKey(resource), resource]));
  const changes: ResourceChange[] = [];
  for (const [key, { type, name, protect, inputs }] of old) {
    if (now.has(key)) continue;
    const fields: FieldChange[] = [];
    changes.push({ op: "delete", type, name, reason: "no longer in the program", protect, fields, before: inputs });
  }
  for (const [key, resource] of now) {
    const change = changeOf(resource, old.get(key));
    if (change) changes.push(change);
  }
  return changes.sort(byWeight);
}

function changeOf(resource: PlannedResource, before: PlannedResource | undefined): ResourceChange | undefined {
  const { type, name, protect, inputs } = resource;
  if (!before) return { op: "create", type, name, protect, fields: [], after: inputs };
  const ignored = new Set(resource.ignoreChanges);
  const fields = fieldChanges(before.inputs, inputs, hiddenKeys(type)).filter(({ path }) => !ignored.has(path));
  const unprotected = before.protect && !protect;
  if ((fields.length === 0 && !unprotected) || isArgumentChange(type, "update")) return undefined;
  const causes = fields.filter((field) => replacing(resource, before, field));
  return {
    op: causes.length > 0 ? "replace" : "update",
    type,
    name,
    ...(causes.length > 0 && { reason: `${causes.map(({ path }) => path).join(", ")} cannot be changed in place` }),
    protect,
    ...(unprotected && { unprotected }),
    fields,
    before: before.inputs,
    after: inputs,
  };
}

/** The component's inputs are its arguments. Their changes are reported for the resources inside the component. */
export const isArgumentChange = (type: string, op: string): boolean => type === COMPONENT_TYPE && op === "update";

/** Top-level inputs of a type that are never shown. */
export const hiddenKeys = (type: string): readonly string[] => (/:Secret$/.test(type) ? ["data", "stringData"] : []);

import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import type { ComparedResource } from "../changes/comparedStack.ts";
import { type FieldChange, fieldChanges } from "../changes/fieldChanges.ts";
import { byWeight, hiddenKeys, isArgumentChange, type ResourceChange } from "../changes/resourceChanges.ts";
import { CHANGED_SECRET, SECRET } from "../plan/secretMarks.ts";
import { nameOf } from "./urn.ts";

/** The engine's placeholder for a value that is known only after the update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Shown in place of it. */
const LATER = "[known after the update]";

/** The result of a preview, from the engine's events. */
export class PreviewedSteps {
  readonly changes: ResourceChange[] = [];
  readonly before: ComparedResource[] = [];
  readonly after: ComparedResource[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];

  /** @param events All events of one preview. Not one by one: the Automation API swallows errors that are thrown in `onEvent`. */
  constructor(events: readonly EngineEvent[]) {
    for (const event of events) this.#record(event);
    this.changes.sort(byWeight);
  }

  #record({ resourcePreEvent, diagnosticEvent }: EngineEvent): void {
    if (diagnosticEvent?.severity === "warning") this.warnings.push(diagnosticEvent.message.trim());
    if (diagnosticEvent?.severity === "error") this.errors.push(diagnosticEvent.message.trim());
    if (resourcePreEvent) this.#step(resourcePreEvent.metadata);
  }

  #step(step: StepEventMetadata): void {
    const { op, type } = step;
    // Parts of a replacement, which also has a step as a whole.
    if (["create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace"].includes(op)) return;
    const [old, now] = [step.old, step.new].map((state) => state && { type, inputs: shownInputs(state.inputs) });
    if (type === "pulumi:pulumi:Stack") return;
    if (old && op !== "create") this.before.push(old);
    if (now && op !== "delete") this.after.push(now);
    const change = changeOf(step, old?.inputs, now?.inputs);
    if (change) this.changes.push(change);
  }
}

const OPS: Readonly<Record<string, ResourceChange["op"]>> = {
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
};

function changeOf(
  step: StepEventMetadata,
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>> | undefined,
): ResourceChange | undefined {
  const op = OPS[step.op];
  if (!op || isArgumentChange(step.type, step.op)) return undefined;
  const { type, urn } = step;
  // The engine writes null for none.
  const keys = step.keys ?? [];
  const protect = (op === "create" ? step.new : step.old)?.protect === true;
  const unprotected = protect && op === "update" && step.new?.protect !== true;
  const fields = op === "update" || op === "replace" ? stepFields(step, before, after) : [];
  return {
    op,
    type,
    name: nameOf(urn),
    ...(op === "replace" && { reason: `${keys.join(", ") || "another provider"} cannot be changed in place` }),
    ...(op === "delete" && { reason: "no longer in the program" }),
    protect,
    ...(unprotected && { unprotected }),
    fields,
    ...(before && { before }),
    ...(after && { after }),
  };
}

/** Fields whose values differ, and secret fields that only the engine knows to differ. */
function stepFields(
  { type, detailedDiff }: StepEventMetadata,
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>> | undefined,
): FieldChange[] {
  const fields = fieldChanges(before, after, hiddenKeys(type));
  const isListed = (path: string): boolean =>
    fields.some((field) => field.path.startsWith(path.replace(/[.[].*$/, "")));
  const secret = Object.keys(detailedDiff ?? {})
    .filter((path) => !path.startsWith("__") && !isListed(path))
    .map((path): FieldChange => ({ path, op: "changed", before: SECRET, after: CHANGED_SECRET }));
  return [...fields, ...secret];
}

/** Inputs without the engine's internal keys, and with its placeholders in words. */
function shownInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return clean(inputs) as Record<string, unknown>;
}

function clean(value: unknown): unknown {
  if (value === UNKNOWN) return LATER;
  if (typeof value === "string") return value.replaceAll(UNKNOWN, LATER);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith("__"))
      .map(([key, child]) => [key, clean(child)]),
  );
}

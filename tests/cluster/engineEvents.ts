import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { isArgumentChange } from "../../automation/changes/resourceChanges.ts";

/** One step of the engine: what it did to which resource. */
export interface Operation {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  /** When this process saw the step begin and end, ms since the epoch. */
  readonly began: number;
  readonly ended: number;
  readonly id: string;
}

/** Collects the steps of one update from its event log, in the order in which they ended. */
export class OperationLog {
  readonly operations: Operation[] = [];
  readonly diagnostics: string[] = [];
  /** The events themselves, for the search for secrets. */
  readonly raw: EngineEvent[] = [];
  readonly #began = new Map<string, number>();

  readonly record = (event: EngineEvent): void => {
    this.raw.push(event);
    const { resourcePreEvent, resOutputsEvent, diagnosticEvent } = event;
    if (diagnosticEvent && diagnosticEvent.severity !== "info#err") this.diagnostics.push(diagnosticEvent.message);
    if (resourcePreEvent) this.#began.set(keyOf(resourcePreEvent.metadata), Date.now());
    if (resOutputsEvent) {
      const { metadata } = resOutputsEvent;
      const state = metadata.op.startsWith("delete") ? metadata.old : metadata.new;
      this.operations.push({
        op: metadata.op,
        type: metadata.type,
        name: metadata.urn.split("::").pop() ?? "",
        began: this.#began.get(keyOf(metadata)) ?? Date.now(),
        ended: Date.now(),
        id: state?.id ?? "",
      });
    }
  };

  /**
   * Steps that changed something, as `update logging-loki`. `replace` is left out: it is the sum of its two halves. So is an update of the
   * component, whose inputs are its arguments.
   */
  get changes(): string[] {
    return this.operations
      .filter(({ op, type }) => !["same", "replace"].includes(op) && !isArgumentChange(type, op))
      .map(({ op, name }) => `${op} ${name}`);
  }

  /** The only step with this operation and name. @throws if there is none. */
  step(op: string, name: string): Operation & { readonly position: number } {
    const position = this.operations.findIndex((operation) => operation.op === op && operation.name === name);
    const operation = this.operations[position];
    if (!operation) throw new Error(`no ${op} of ${name} among: ${this.changes.join(", ")}`);
    return { ...operation, position };
  }
}

const keyOf = ({ op, urn }: StepEventMetadata): string => `${op} ${urn}`;

import type { EngineEvent, OpType } from "@pulumi/pulumi/automation/index.js";
import { nameOf } from "../deploy/destroyPlan.ts";
import type { OperationEvent, StepResult } from "../deploy/operations.ts";

/** Steps of an update as they begin and end. */
export class UpdateSteps {
  readonly results: StepResult[] = [];
  readonly errors: string[] = [];
  readonly #stack: string;
  readonly #tell: (event: OperationEvent) => void;
  readonly #begun = new Map<string, number>();

  constructor(stack: string, tell: (event: OperationEvent) => void = () => {}) {
    this.#stack = stack;
    this.#tell = tell;
  }

  readonly record = (event: EngineEvent): void => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (diagnosticEvent && diagnosticEvent.severity !== "info#err" && !diagnosticEvent.ephemeral) {
      const message = diagnosticEvent.message.trim();
      if (diagnosticEvent.severity === "error") this.errors.push(message);
      if (message) this.#tell({ event: "diagnostic", stack: this.#stack, severity: diagnosticEvent.severity, message });
    }
    if (resourcePreEvent) {
      const { op, urn, type } = resourcePreEvent.metadata;
      if (QUIET.has(op)) return;
      this.#begun.set(`${op} ${urn}`, performance.now());
      this.#tell({ event: "started", stack: this.#stack, op, type, name: nameOf(urn) });
    }
    const ended = resOutputsEvent ?? resOpFailedEvent;
    if (!ended) return;
    const { op, urn, type } = ended.metadata;
    if (QUIET.has(op)) return;
    const begun = this.#begun.get(`${op} ${urn}`) ?? performance.now();
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    const result = { op, type, name: nameOf(urn), seconds, failed: ended === resOpFailedEvent };
    this.results.push(result);
    this.#tell({ event: "ended", stack: this.#stack, ...result });
  };
}

/** Steps that change nothing, and the sum of a replacement, whose halves are told. */
const QUIET: ReadonlySet<OpType> = new Set<OpType>(["same", "read", "refresh", "replace"]);

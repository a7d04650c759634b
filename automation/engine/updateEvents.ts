import type { EngineEvent, OpType } from "@pulumi/pulumi/automation/index.js";
import { isArgumentChange } from "../changes/resourceChanges.ts";
import { nameOf } from "./urn.ts";

/** One resource of an update. */
export interface StepResult {
  readonly op: OpType;
  readonly type: string;
  readonly name: string;
  readonly seconds: number;
  readonly failed: boolean;
}

/** The course of an update: its steps, and the engine's messages. */
export type StepEvent =
  | {
      readonly event: "started";
      readonly stack: string;
      readonly op: OpType;
      readonly type: string;
      readonly name: string;
    }
  | ({ readonly event: "ended"; readonly stack: string } & StepResult)
  | { readonly event: "diagnostic"; readonly stack: string; readonly severity: string; readonly message: string };

/** Reports the steps of an update as they start and end. */
export class UpdateSteps {
  readonly results: StepResult[] = [];
  readonly errors: string[] = [];
  readonly #stack: string;
  readonly #report: (event: StepEvent) => void;
  readonly #begun = new Map<string, number>();

  constructor(stack: string, report: (event: StepEvent) => void = () => {}) {
    this.#stack = stack;
    this.#report = report;
  }

  readonly record = (event: EngineEvent): void => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (diagnosticEvent && SHOWN.has(diagnosticEvent.severity) && !diagnosticEvent.ephemeral) {
      const message = diagnosticEvent.message.trim();
      if (diagnosticEvent.severity === "error") this.errors.push(message);
      if (message)
        this.#report({ event: "diagnostic", stack: this.#stack, severity: diagnosticEvent.severity, message });
    }
    if (resourcePreEvent) {
      const { op, urn, type } = resourcePreEvent.metadata;
      if (QUIET.has(op) || isArgumentChange(type, op)) return;
      this.#begun.set(`${op} ${urn}`, performance.now());
      this.#report({ event: "started", stack: this.#stack, op, type, name: nameOf(urn) });
    }
    const ended = resOutputsEvent ?? resOpFailedEvent;
    if (!ended) return;
    const { op, urn, type } = ended.metadata;
    if (QUIET.has(op) || isArgumentChange(type, op)) return;
    const begun = this.#begun.get(`${op} ${urn}`) ?? performance.now();
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    const result = { op, type, name: nameOf(urn), seconds, failed: ended === resOpFailedEvent };
    this.results.push(result);
    this.#report({ event: "ended", stack: this.#stack, ...result });
  };
}

/** Of the engine's messages. `debug` has every resource as it was registered, with its secrets in plain text. */
const SHOWN: ReadonlySet<string> = new Set(["info", "warning", "error"]);

/** Steps not reported: those that change nothing, and `replace`, whose create and delete are reported separately. */
const QUIET: ReadonlySet<OpType> = new Set<OpType>(["same", "read", "refresh", "replace"]);

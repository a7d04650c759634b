// The last lines of a run, the same for every tier: what failed, what was skipped and why, and the three counts.
import { relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/** A `test:pass` or `test:fail` event of node:test, as far as it is counted. */
export interface EndEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: Error };
}

/** What a process reports to the one that started it. */
export interface Results {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: ReadonlyArray<{ readonly name: string; readonly reason: string }>;
}

/** Enough of an error's message to know what to look for in node's own report. */
const CAUSE_LINES = 12;
const CAUSE_LENGTH = 1500;

/** How many tests passed, failed and were skipped, and why. */
export class Summary {
  #passed = 0;
  readonly #failed: string[] = [];
  readonly #skipped: Array<{ readonly name: string; readonly reason: string }> = [];
  /** Names of the suites around the test that began last. */
  readonly #path: string[] = [];

  readonly started = ({ name, nesting }: { name: string; nesting: number }): void => {
    this.#path[nesting] = name;
  };

  readonly ended = (event: EndEvent): void => {
    // A skipped suite does not report its tests, so it is counted itself. Any other suite is counted by its tests.
    if (event.skip !== undefined) this.skip(this.#nameOf(event), reasonOf(event.skip));
    else if (event.details.type !== "suite") this.#passed += 1;
  };

  readonly endedWithError = (event: EndEvent): void => {
    if (event.details.type === "suite") return;
    // A known gap: its test names the reason, and fails until the gap is closed.
    if (event.todo !== undefined && event.todo !== false)
      this.skip(this.#nameOf(event), `not reached: ${reasonOf(event.todo)}`);
    else this.fail(`${this.#nameOf(event)}\n${causeOf(event.details.error)}`);
  };

  pass(): void {
    this.#passed += 1;
  }

  /** @param failure what failed. Lines below the first one tell why. */
  fail(failure: string): void {
    this.#failed.push(failure);
  }

  skip(name: string, reason: string): void {
    this.#skipped.push({ name, reason });
  }

  get results(): Results {
    return { passed: this.#passed, failed: this.#failed, skipped: this.#skipped };
  }

  /** Adds what another process reports. */
  add({ passed, failed, skipped }: Results): void {
    this.#passed += passed;
    this.#failed.push(...failed);
    this.#skipped.push(...skipped);
  }

  /** The last lines. A run without any test counts as failed: it proves nothing. */
  get lines(): string[] {
    const failed = this.#empty ? ["no test was found"] : this.#failed;
    return [
      ...failed.map((failure) => `failed: ${failure.trimEnd().replaceAll("\n", "\n  ")}`),
      ...[...Map.groupBy(this.#skipped, ({ reason }) => reason)].flatMap(([reason, tests]) => [
        `skipped ${tests.length}: ${reason}`,
        ...tests.map(({ name }) => `  ${name}`),
      ]),
      `${this.#passed} passed, ${failed.length} failed, ${this.#skipped.length} skipped`,
    ];
  }

  get ok(): boolean {
    return this.#failed.length === 0 && !this.#empty;
  }

  get #empty(): boolean {
    return this.#passed + this.#failed.length + this.#skipped.length === 0;
  }

  #nameOf({ name, nesting, file }: EndEvent): string {
    return [...(file ? [relative(".", file)] : []), ...this.#path.slice(0, nesting), name].join(" > ");
  }
}

/** The beginning of an error's message. node:test wraps the error that a test threw. */
function causeOf(error: Error | undefined): string {
  const { message } = error?.cause instanceof Error ? error.cause : { message: error?.message ?? "" };
  return message.split("\n").slice(0, CAUSE_LINES).join("\n").slice(0, CAUSE_LENGTH);
}

const reasonOf = (reason: string | boolean): string => (typeof reason === "string" ? reason : "no reason given");

/**
 * Runs test files one after the other in this process, and prints node's own report.
 *
 * One process for all of them, because each would load the SDK again, and because scenarios share servers.
 *
 * @param timeoutMs limit of each test. Default: none.
 */
export async function runTests(files: readonly string[], summary: Summary, timeoutMs?: number): Promise<void> {
  const events = run({
    files,
    isolation: "none",
    concurrency: 1,
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  });
  events.on("test:start", summary.started);
  events.on("test:pass", summary.ended);
  events.on("test:fail", summary.endedWithError);
  for await (const text of events.compose(spec)) process.stdout.write(text);
}

/** What node:test's events of an end say, as far as it is counted. */
export interface EndEvent {
  readonly name: string;
  readonly skip?: string | boolean;
  readonly details: { readonly type?: string };
}

/** How many tests passed, failed and were skipped, and why. */
export class Tally {
  passed = 0;
  failed = 0;
  readonly skips: string[] = [];

  readonly pass = ({ name, skip, details }: EndEvent): void => {
    // A suite that is skipped hides its tests: it counts itself. One that ran is counted by its tests.
    if (skip !== undefined) this.skips.push(`${name}: ${skip === true ? "no reason given" : skip}`);
    else if (details.type !== "suite") this.passed++;
  };

  readonly fail = ({ details }: EndEvent): void => {
    if (details.type !== "suite") this.failed++;
  };

  /** The last lines of a run. One that found nothing proves nothing, and failed. */
  get lines(): string[] {
    const failed = this.failed + (this.passed + this.failed + this.skips.length === 0 ? 1 : 0);
    return [
      ...this.skips.map((skip) => `skipped 1: ${skip}`),
      "",
      `${this.passed} passed, ${failed} failed, ${this.skips.length} skipped`,
    ];
  }

  get ok(): boolean {
    return this.failed === 0 && this.passed + this.skips.length > 0;
  }
}

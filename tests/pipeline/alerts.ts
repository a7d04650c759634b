import assert from "node:assert/strict";
import { type ActiveAlert, AlertWatch } from "../harness/alerts/alertWatch.ts";
import { figure } from "../harness/figures.ts";
import { until } from "../harness/processes.ts";
import { alertsMissing } from "../harness/runningStack/requirements.ts";
import type { RunningStack } from "../harness/runningStack/runningStack.ts";

/** Limit of a wait. Longer than any rule waits in the tier's time. */
const TIMEOUT_MS = 480_000;

/** The alerts in one scenario. Without Prometheus it does nothing, which the run reports at its start and its end. */
export class Alerts {
  readonly #scenario: string;
  readonly #watch: AlertWatch | undefined;

  private constructor(scenario: string, watch: AlertWatch | undefined) {
    this.#scenario = scenario;
    this.#watch = watch;
  }

  /** Begins to watch. */
  static async of(scenario: string, running: RunningStack): Promise<Alerts> {
    return new Alerts(scenario, alertsMissing() ? undefined : await AlertWatch.start(running));
  }

  /** Waits until an alert fires. @param labels that it has among others. */
  async untilFires(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    const begin = performance.now();
    const matches = (alert: ActiveAlert): boolean =>
      alert.name === name &&
      alert.state === "firing" &&
      Object.entries(labels).every(([label, value]) => alert.labels[label] === value);
    await this.#until(`${name} ${JSON.stringify(labels)} fires`, (active) => active.some(matches));
    if (this.#watch) figure(this.#scenario, `${name} fires after ${seconds(begin)} s`);
  }

  /** Waits until no alert is pending and none fires. */
  untilQuiet(): Promise<void> {
    return this.#until("no alert", (active) => active.length === 0);
  }

  /** Ends the watch, and compares the alerts that have fired in it with those that should, whatever their order. */
  async assertFired(...names: string[]): Promise<void> {
    await this.assertFiredUntilNow(...names);
    await this.#watch?.stop();
  }

  /** As `assertFired`, and goes on. */
  async assertFiredUntilNow(...names: string[]): Promise<void> {
    await this.#compare((found) => assert.deepEqual(found, names.sort()));
  }

  /** Ends the watch. For an outage that may end before these alerts fire: no other alert may. */
  async assertNoneBut(...names: string[]): Promise<void> {
    await this.#compare((found) =>
      assert.deepEqual(
        found.filter((name) => !names.includes(name)),
        [],
      ),
    );
    await this.#watch?.stop();
  }

  async #compare(compare: (found: string[]) => void): Promise<void> {
    if (!this.#watch) return;
    const fired = await this.#watch.fired();
    const found = [...new Set(fired.map(({ name }) => name))].sort();
    figure(this.#scenario, `alerts that fired: ${found.join(", ") || "none"}`);
    try {
      compare(found);
    } catch (error) {
      throw new Error(`in ${this.#scenario} fired: ${JSON.stringify(fired, null, 2)}`, { cause: error });
    }
  }

  async #until(what: string, reached: (active: ActiveAlert[]) => boolean): Promise<void> {
    const watch = this.#watch;
    if (!watch) return;
    let last: ActiveAlert[] = [];
    const ask = async (): Promise<boolean> => {
      last = await watch.active();
      return reached(last);
    };
    try {
      await until(what, ask, { timeoutMs: TIMEOUT_MS, everyMs: 1000 });
    } catch (error) {
      throw new Error(`${what}: it is ${JSON.stringify(last)}`, { cause: error });
    }
  }
}

const seconds = (begin: number): string => ((performance.now() - begin) / 1000).toFixed(0);

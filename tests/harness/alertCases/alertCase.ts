import type { Loose } from "../manifest.ts";

/** Series of one situation, in promtool's notation: `0+60x30` is 0, 60, 120, … once a minute. */
export type Series = Readonly<Record<string, string>>;

/** Series that make one alert fire, and series that do not. */
export interface AlertCase {
  /** Labels of the alert beyond those of every alert. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly fires: Series;
  readonly silent: Series;
  /** Minutes after which both are looked at. */
  readonly minutes: number;
  /** What the alert needs in the stack's config. */
  readonly change?: (monitoring: Loose, config: Loose) => void;
}

/** The cases of some alerts, by their names. */
export type AlertCases = Readonly<Record<string, AlertCase>>;

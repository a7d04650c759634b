// For every alert: series that make it fire, and series that do not. One list for promtool, and for the check that none is missing.
import type { AlertCases } from "./alertCase.ts";
import { COLLECTOR_CASES } from "./collector.ts";
import { EVENTS_AND_JOURNAL_CASES } from "./eventsAndJournal.ts";
import { LOKI_CASES } from "./loki.ts";
import { PLATFORM_CASES } from "./platform.ts";
import { STORAGE_CASES } from "./storage.ts";

export const ALERT_CASES: AlertCases = {
  ...COLLECTOR_CASES,
  ...EVENTS_AND_JOURNAL_CASES,
  ...LOKI_CASES,
  ...STORAGE_CASES,
  ...PLATFORM_CASES,
};

/** Alerts that no series silences: the watchdog always fires, and the date of the CA is part of its rule. */
export const WITHOUT_SILENCE = ["LoggingWatchdog", "LoggingCertificateExpires"];

/** One series of a `/metrics` page: its name and its labels. */
export interface ReportedSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How Prometheus asks for metrics. A program may answer with other names to another question. */
export const PROMETHEUS_ACCEPTS =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/** Series of a page in Prometheus's text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const reportedSeries = (page: string): ReportedSeries[] =>
  page.split("\n").flatMap((line) => {
    const [, metric, labels = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S/.exec(line) ?? [];
    if (!metric) return [];
    const pairs = labels.matchAll(/"?([\w.]+)"?="((?:[^"\\]|\\.)*)"/g);
    return [{ metric, labels: Object.fromEntries([...pairs].map(([, name = "", value = ""]) => [name, value])) }];
  });

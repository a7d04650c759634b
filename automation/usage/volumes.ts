import type { Reader } from "../cluster/gateway.ts";

/** What one container wrote in one day, bytes. */
export interface Volume {
  readonly namespace: string;
  readonly container: string;
  readonly bytes: number;
}

/** One period of 24 hours. */
export interface Day {
  readonly from: Date;
  readonly to: Date;
  readonly volumes: readonly Volume[];
}

/**
 * Hours that are left out at the end. Loki asks the writers for lines of this age (`query_ingesters_within`), and adds up the same line of
 * three writers.
 */
const RECENT_HOURS = 6;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The last days that can be counted, oldest first. */
export function wholeDays(days: number, now: Date): Array<Pick<Day, "from" | "to">> {
  const end = Math.floor(now.getTime() / HOUR) * HOUR - RECENT_HOURS * HOUR;
  return Array.from({ length: days }, (_, i) => {
    const to = end - (days - 1 - i) * DAY;
    return { from: new Date(to - DAY), to: new Date(to) };
  });
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/**
 * Asks Loki what each container wrote in a period. Loki answers from the index, without reading lines.
 * https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-log-volume
 *
 * @param limit Containers at most: Loki's `volume_max_series`.
 * @throws when Loki does not answer with volumes.
 */
export async function volumesOf(
  loki: Reader,
  cluster: string,
  { from, to }: Pick<Day, "from" | "to">,
  limit: number,
): Promise<Volume[]> {
  const samples = await ask(loki, {
    ...period(cluster, from, to),
    limit: `${limit}`,
    targetLabels: "namespace,container",
  });
  return samples.map(({ metric, value }) => ({
    namespace: metric.namespace ?? "",
    container: metric.container ?? "",
    bytes: Number(value[1]),
  }));
}

const period = (cluster: string, from: Date, to: Date): Record<string, string> => ({
  query: `{cluster="${cluster}"}`,
  start: `${from.getTime() / 1000}`,
  end: `${to.getTime() / 1000}`,
});

async function ask(loki: Reader, parameters: Record<string, string>): Promise<Sample[]> {
  const { status, body } = await loki.ask(`/loki/api/v1/index/volume?${new URLSearchParams(parameters)}`);
  if (/max number of series limit/.test(body))
    throw new Error(
      `Loki has more containers than it counts at once: ${body.trim()}. fix: raise loki.queries.maxSeries`,
    );
  if (status !== 200) throw new Error(`the gateway answers ${status} to index/volume: ${body.trim().slice(0, 200)}`);
  return (JSON.parse(body) as { data: { result: Sample[] } }).data.result;
}

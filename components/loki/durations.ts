const HOURS: Readonly<Record<string, number>> = {
  ns: 1 / 3.6e12,
  us: 1 / 3.6e9,
  µs: 1 / 3.6e9,
  ms: 1 / 3.6e6,
  s: 1 / 3600,
  m: 1 / 60,
  h: 1,
  d: 24,
  w: 168,
  y: 8760,
};

/** Hours of one of Loki's durations: `336h`, `14d`, `1d12h`, `1.5h`. `undefined` if it is not one. */
export function hoursOf(duration: unknown): number | undefined {
  const text = String(duration ?? "");
  if (/^0+$/.test(text)) return 0;
  if (!/^(\d+(?:\.\d+)?(ns|us|µs|ms|[smhdwy]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (HOURS[unit ?? ""] ?? 0), 0);
}

/** Hours as people read them: `14 days`, `36 hours`, `forever`. */
export const spanText = (hours: number): string => {
  if (hours === Infinity) return "forever";
  const [number, unit] = hours % 24 === 0 ? [hours / 24, "day"] : [Math.round(hours * 100) / 100, "hour"];
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
};

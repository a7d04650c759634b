import { isMap, type Values } from "../../components/helm/mergeValues.ts";

/** A part of a hatch, and the hatch that has this part alone. */
interface Part {
  readonly path: string;
  readonly value: unknown;
  alone(value: unknown): Values;
  /** Whether what is inside belongs together, as in an entry of a list. */
  readonly whole?: boolean;
}

/**
 * The smallest parts of an escape hatch that break something, by what they break. A part that breaks it only together with others is not
 * divided further.
 *
 * @param broken What the whole hatch breaks.
 * @param breaks What a part of the hatch breaks.
 * @param path Path of the hatch: `loki.values`.
 */
export async function causesOf(
  hatch: Values,
  broken: ReadonlySet<string>,
  breaks: (part: Values) => Promise<ReadonlySet<string>>,
  path: string,
): Promise<Map<string, string[]>> {
  const causes = new Map<string, string[]>();
  const search = async (part: Part, wanted: ReadonlySet<string>): Promise<void> => {
    const inner = partsOf(part);
    const [only] = inner;
    if (only && inner.length === 1) return search(only, wanted);
    const together = new Set(wanted);
    for (const one of inner) {
      const here = inBoth(await breaks(one.alone(one.value)), wanted);
      for (const what of here) together.delete(what);
      if (here.size > 0) await search(one, here);
    }
    for (const what of together) causes.set(what, [...(causes.get(what) ?? []), part.path]);
  };
  if (broken.size > 0) await search({ path, value: hatch, alone: (value) => value as Values }, broken);
  return causes;
}

/** The keys of a map, and the entries of a list of maps. */
function partsOf({ path, value, alone, whole }: Part): Part[] {
  if (whole) return [];
  if (isMap(value))
    return Object.entries(value).map(([key, inner]) => ({
      path: `${path}.${/[.\s]/.test(key) ? JSON.stringify(key) : key}`,
      value: inner,
      alone: (only) => alone({ [key]: only }),
    }));
  if (Array.isArray(value) && value.length > 0 && value.every(isMap))
    return value.map((entry, i) => ({
      path: `${path}[${i}]`,
      value: [entry],
      alone: (only) => alone(only),
      whole: true,
    }));
  return [];
}

/** What two sets have in common. */
export const inBoth = (a: ReadonlySet<string>, b: ReadonlySet<string>): Set<string> =>
  new Set([...a].filter((entry) => b.has(entry)));

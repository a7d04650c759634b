import { parse } from "yaml";
import type { Fields, Manifest } from "../helm/manifest.ts";
import { isMap, mergeValues, type Values } from "../helm/mergeValues.ts";
import { hoursOf } from "./durations.ts";

/** Loki's only tenant, as long as `auth_enabled` is false. */
export const TENANT = "fake";

/** The file with the limits that Loki reads while it runs. */
export const RUNTIME_FILE = "runtime-config.yaml";

/** What Loki runs with, wherever it is written. */
export interface EffectiveConfig {
  /** The object with Loki's config. */
  readonly object: string;
  readonly config: Fields;
  /** The text, for a program that checks it. */
  readonly text: string;
  /** The file that Loki reads again and again. */
  readonly runtime: Values;
  /** Whether Loki can read that file. */
  readonly runtimeIsMap: boolean;
  /** Limits of the tenant: `limits_config` and its overrides in the runtime config. */
  readonly limits: Fields;
  /** Those of them that Loki reads while it runs. */
  readonly reloaded: readonly string[];
}

/** Loki's config in rendered objects. `undefined` if there is none, or if it cannot be read. */
export function effectiveConfig(objects: readonly Manifest[]): EffectiveConfig | undefined {
  for (const object of objects) {
    const text = textIn(object, "config.yaml");
    const config = text === undefined ? undefined : mapIn(text);
    if (text === undefined || !config?.schema_config) continue;
    const runtime = objects.map((other) => textIn(other, RUNTIME_FILE)).find((other) => other !== undefined);
    const runtimeMap = mapIn(runtime ?? "{}");
    const overrides = runtimeMap ?? {};
    const tenants = isMap(overrides.overrides) ? overrides.overrides : {};
    const own = tenants[TENANT];
    const limits = isMap(config.limits_config) ? config.limits_config : {};
    return {
      object: `${object.kind} ${object.metadata.name}`,
      config,
      text,
      runtime: overrides,
      runtimeIsMap: runtimeMap !== undefined,
      // An override of a list replaces the list.
      reloaded: Object.keys(isMap(own) ? own : {}),
      limits: isMap(own) ? { ...mergeValues(limits, own), ...listsOf(own) } : limits,
    };
  }
  return undefined;
}

const listsOf = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Array.isArray(value)));

/** A file in a ConfigMap or a Secret. */
function textIn(object: Fields, file: string): string | undefined {
  const { kind, data, stringData } = object;
  const text = stringData?.[file] ?? data?.[file];
  if (typeof text !== "string") return undefined;
  if (kind === "ConfigMap" || stringData?.[file] !== undefined) return text;
  return kind === "Secret" ? Buffer.from(text, "base64").toString() : undefined;
}

function mapIn(text: string): Fields | undefined {
  try {
    const parsed: unknown = parse(text);
    return isMap(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** How long Loki keeps the lines of one selector. */
export interface StreamRetention {
  readonly selector: string;
  /** `undefined` if the period cannot be read. */
  readonly hours: number | undefined;
  readonly period: unknown;
  readonly priority: number;
}

/** How long Loki keeps lines, hours. `Infinity` if nothing is deleted. */
export interface Retention {
  readonly hours: number;
  readonly streams: readonly StreamRetention[];
}

/** The tenant's retention. Lines are kept forever if the compactor's retention is off, and where the period is 0. */
export function retentionOf({ config, limits }: EffectiveConfig): Retention {
  const enabled = config.compactor?.retention_enabled === true;
  const kept = (period: unknown): number | undefined => {
    const hours = hoursOf(period);
    return enabled ? (hours === 0 ? Infinity : hours) : Infinity;
  };
  const streams: unknown = limits.retention_stream;
  return {
    hours: kept(limits.retention_period ?? "0s") ?? Infinity,
    streams: (Array.isArray(streams) ? streams.filter(isMap) : []).map(({ selector, period, priority }) => ({
      selector: String(selector),
      period,
      priority: Number(priority ?? 0),
      hours: kept(period),
    })),
  };
}

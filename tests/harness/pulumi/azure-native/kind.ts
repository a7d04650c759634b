// What the stand-in knows of a type of resource.

import { isDeepStrictEqual } from "node:util";
import type { Failure } from "./sdkTypes.ts";

export type Properties = Record<string, unknown>;

/** How the real provider and the service react to one type of resource: pure functions of its inputs. */
export interface Kind {
  readonly apiVersion: string;
  /** All problems of the inputs. Values that a preview does not know yet count as valid. */
  check(inputs: Properties): Failure[];
  /** Properties whose change makes the real provider replace the resource: the names in its path, and what cannot be changed. */
  readonly replacing: readonly string[];
  /** The service's answer to `news` for a resource that does not exist yet, or exists as `olds`. */
  refusal(olds: Properties | undefined, news: Properties): AzureError | undefined;
  /** The resource as the service returns it. */
  outputs(inputs: Properties, name: unknown, isPreview?: boolean): Properties;
  nameOf(inputs: Properties): unknown;
  /** Its ARM ID. */
  idOf(subscriptionId: string, inputs: Properties): string;
}

/** An error of the service, in the words of the provider. */
export class AzureError extends Error {
  constructor(code: string, message: string, httpStatus = 400) {
    super(`Status=${httpStatus} Code="${code}" Message="${message}"`);
  }
}

export interface Change {
  readonly kind: "add" | "update" | "delete";
  readonly replaces: boolean;
}

/** The path of each changed property, down to single items of lists. */
export function diff(olds: unknown, news: unknown, replacing: readonly string[], path = ""): Map<string, Change> {
  if (isDeepStrictEqual(olds, news)) return new Map();
  const isNested = (value: unknown) => typeof value === "object" && value !== null;
  if (isNested(olds) && isNested(news) && Array.isArray(olds) === Array.isArray(news)) {
    const keys = new Set([...Object.keys(olds as object), ...Object.keys(news as object)]);
    return new Map(
      [...keys].flatMap((key) => [
        ...diff((olds as Properties)[key], (news as Properties)[key], replacing, join(path, key, Array.isArray(news))),
      ]),
    );
  }
  const kind = olds == null ? "add" : news == null ? "delete" : "update";
  return new Map([[path, { kind, replaces: replacing.includes(path) }]]);
}

function join(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  if (!/^\w+$/.test(key)) return `${path}["${key}"]`;
  return path ? `${path}.${key}` : key;
}

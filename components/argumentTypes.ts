import type { Input } from "@pulumi/pulumi";
import { z } from "zod";

/** Text that is not empty. */
export const text = z.string().min(1);

/** A whole number, 1 or more. */
export const count = z.int().min(1);

/** Chart values: any tree of maps, lists and scalars. */
export const chartValues = z.record(z.string(), z.unknown());

/** A secret, or a text output of another resource. It is passed on unchanged. No check reads it. */
export const secretInput = z.custom<Input<string>>();

/** How the error list explains a value that a check refuses. */
export interface Explanation<T> {
  /** What is allowed. */
  readonly text: string;
  /** The step that fixes it. */
  readonly fix: string | ((value: T) => string);
  /** What the list shows instead of the value. Default: the value itself. */
  readonly shown?: (value: T) => unknown;
}

/** The second argument of a schema's `refine`: its error is shown with this explanation. */
export const explained = <T>(explanation: Explanation<T>) => ({ params: { explanation } });

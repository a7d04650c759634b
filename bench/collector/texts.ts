import { readFileSync } from "node:fs";
import type { LogInput } from "../pipeline/logInput.ts";

/** What the containers of an input write, without containerd's prefixes: one text for each of its records. */
export const textsOf = ({ files }: LogInput): string[] =>
  files.flatMap(({ path }) =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((record) => record.split(" ").slice(3).join(" ")),
  );

export const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);

// npm run docs: docs/arguments.md and the JSON Schema of the stack files, from the schemas of the arguments.
// `npm run docs -- --check` writes nothing and exits with 1 if one of them is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { argumentKeys } from "../reference/argumentKeys.ts";
import { argumentsPage } from "../reference/argumentsPage.ts";
import { stackFileSchema } from "../reference/stackFileSchema.ts";
import { defineCommand, runAsProcess } from "./defineCommand.ts";

const OPTIONS = { check: { type: "boolean", default: false } } as const;

export const main = defineCommand(
  () => "usage: npm run docs -- [--check]",
  OPTIONS,
  async ({ values: { check } }) => {
    const keys = argumentKeys();
    const files = {
      "docs/arguments.md": argumentsPage(keys),
      "stack/stackFile.schema.json": `${JSON.stringify(stackFileSchema(keys), null, 2)}\n`,
    };
    const stale = Object.entries(files).filter(
      ([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text,
    );
    const names = stale.map(([file]) => file).join(" and ");
    if (check && stale.length > 0) throw new Error(`out of date: ${names}. fix: npm run docs`);
    for (const [file, text] of stale) writeFileSync(file, text);
    console.log(`${keys.length} keys: ${stale.length > 0 ? `${names} written` : "up to date"}`);
    return 0;
  },
);

if (import.meta.main) runAsProcess(main);

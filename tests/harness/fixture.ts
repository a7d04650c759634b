import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Compares a text with a reviewed file in tests/fixtures. `npm test -- --update` writes the file; review its diff. */
export const assertFixture = (name: string, actual: string): void => assertFile(`tests/fixtures/${name}`, actual);

/** The same with any generated file of the project. */
export function assertFile(path: string, actual: string): void {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  if (process.env.UPDATE_FIXTURES) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  let expected: string;
  try {
    expected = readFileSync(file, "utf8");
  } catch {
    assert.fail(`${path} is missing; npm test -- --update writes it`);
  }
  assert.equal(
    actual,
    expected,
    `differs from ${path}; if the change is intended, run npm test -- --update and review the diff`,
  );
}

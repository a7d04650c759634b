import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Compares a text with a reviewed file in tests/fixtures. `node tests/run.ts --update` writes the file anew: its diff is then what
 * has to be reviewed.
 */
export function assertFixture(name: string, actual: string): void {
  const file = new URL(`../fixtures/${name}`, import.meta.url);
  if (process.env.UPDATE_FIXTURES) writeFileSync(file, actual);
  let expected: string;
  try {
    expected = readFileSync(file, "utf8");
  } catch {
    assert.fail(`tests/fixtures/${name} is missing: node tests/run.ts --update writes it`);
  }
  assert.equal(
    actual,
    expected,
    `not as in tests/fixtures/${name}; if the change is meant: node tests/run.ts --update, and review the diff`,
  );
}

/** What the scenarios measured, for the table at the end. */
const rows: Array<{ what: string; value: string }> = [];

/** Notes a figure: prints it at once, and again in the table at the end. */
export function figure(what: string, value: string | number): void {
  rows.push({ what, value: String(value) });
  console.log(`    ${what.trim()}: ${value}`);
}

/** Runs something and notes how long it took. */
export async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await run();
  figure(what, `${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return result;
}

export function printFigures(): void {
  if (rows.length === 0) return;
  const width = Math.max(...rows.map(({ what }) => what.length));
  console.log("\nFigures");
  for (const { what, value } of rows) console.log(`  ${what.padEnd(width)}  ${value}`);
}

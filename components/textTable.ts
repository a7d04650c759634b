import { stripVTControlCharacters } from "node:util";

/**
 * Pads the cells of all rows to columns, two spaces apart.
 *
 * @param isRight Whether a column is aligned to the right, like figures. Default: no column is.
 */
export function textTable(
  rows: ReadonlyArray<readonly string[]>,
  isRight: (column: number) => boolean = () => false,
): string[] {
  const width = (cell = ""): number => stripVTControlCharacters(cell).length;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column]))));
  const pad = (cell: string, column: number): string => {
    const spaces = " ".repeat((widths[column] ?? 0) - width(cell));
    return isRight(column) ? spaces + cell : cell + spaces;
  };
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

import assert from "node:assert/strict";
import { it } from "node:test";
import { styleText } from "node:util";
import { textTable } from "../../../components/textTable.ts";

it("a text table pads its columns, aligns figures to the right, and ignores colour codes", () => {
  const red = styleText("red", "b", { validateStream: false });
  assert.deepEqual(
    textTable(
      [
        ["name", "n", ""],
        [red, "100", "x"],
      ],
      (column) => column === 1,
    ),
    ["name    n", `${red}     100  x`],
  );
  assert.deepEqual(textTable([]), []);
});

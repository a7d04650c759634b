import { styleText } from "node:util";
import { findingLines } from "../../components/findings.ts";
import { textTable } from "../../components/textTable.ts";
import { type Check, type CheckResult, skipped } from "./check.ts";
import { stackChecks } from "./stackChecks.ts";

/** A check and its result. */
export interface Examined {
  readonly name: string;
  readonly result: CheckResult;
}

/** Most checks wait for other machines. One that waits longer is skipped. */
const LONGEST_CHECK_SECONDS = 60;

/** Runs every check of a stack, all at once. Results are in the order in which their findings should be fixed. */
export const examineStack = async (stack: string): Promise<Examined[]> =>
  Promise.all((await stackChecks(stack)).map(async (check) => ({ name: check.name, result: await inTime(check) })));

function inTime({ run }: Check): Promise<CheckResult> {
  const late = new Promise<CheckResult>((done) => {
    const result = skipped(`no answer in ${LONGEST_CHECK_SECONDS} seconds`);
    setTimeout(() => done(result), LONGEST_CHECK_SECONDS * 1000).unref();
  });
  return Promise.race([run(), late]);
}

/** Results for a terminal. */
export function examinationText(stack: string, results: readonly Examined[]): string {
  const rows = textTable(results.map(({ name, result }) => [stateWord(result), name, detail(result)]));
  const lines = results.flatMap(({ result }, i) => [
    rows[i] ?? "",
    ...(result.state === "bad" ? findingLines(result.findings).map((line) => `         ${line}`) : []),
  ]);
  const bad = results.flatMap(({ result }) => (result.state === "bad" ? result.findings : [])).length;
  return [...lines, "", bad === 0 ? `${stack}: healthy` : `${stack}: ${bad} to fix, in this order`].join("\n");
}

const COLOUR = { ok: "green", skipped: "yellow", bad: "red" } as const;

const stateWord = ({ state }: CheckResult): string => styleText(COLOUR[state], state.padEnd(7));

function detail(result: CheckResult): string {
  switch (result.state) {
    case "ok":
      return result.seen;
    case "skipped":
      return result.why;
    case "bad":
      return "";
  }
}

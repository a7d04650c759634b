import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { containerdLine, type MultilineKind, RECORD_STARTS } from "../../../../components/alloy/recordStarts.ts";

/** Lines that continue an entry, with what RE2 does not have: lookahead, or a condition behind a greedy part. */
const CONTINUES: Readonly<Record<MultilineKind, RegExp>> = {
  java: /^(?:\s|$|Caused by:|Suppressed:|[a-z][\w$]*(?:\.[a-z][\w$]*)*\.[A-Z][\w$.]*(?::|\r?$))/,
  python:
    /^(?:\s|$|Traceback \(most recent|The above exception was|During handling of the above|(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Warning|Interrupt|Exit)(?::|\r?$))/,
  go: /^(?:\s|$|goroutine |created by |exit status |\[s|[A-Za-z_][\w./~%-]*\.[\w./~%-]*\()/,
  dotnet: /^(?:\s|$|--- End of|[A-Z]\w*(?:\.\w+)+:)/,
  node: /^(?:\s|$|\}(?:[\s,)\]}]|$)|\^|Node\.js v)/,
};

/** Texts that lines begin with. */
const PIECES = [
  ..."a b Z 0 _ $ . : ( ) [ ] { } ^ - / % ~ , \t".split(" "),
  ..."java lang Error Exception Traceback goroutine created by exit status 1 Caused by: Suppressed: System Node.js v22".split(
    " ",
  ),
  ..."Value Type Keyboard Interrupt at main main.main() github.com/a/b.(*T).F( INFO done The above exception was".split(
    " ",
  ),
  ...[" ", "\r", "--- End of", "During handling of the above", "(most recent", "é"],
];

/** Exceptions of Python whose names begin like one of its other lines are taken for the first line of an entry. */
const isException = /^(?:Tr|Th|Du)[\w.]*(?::|\r?$)/;

describe("an entry of several lines starts", () => {
  for (const [kind, start] of Object.entries(RECORD_STARTS) as Array<[MultilineKind, string]>) {
    const pattern = RE2JS.compile(`(?m)${containerdLine(start)}`);
    const starts = (line: string): boolean => pattern.matcher(`2026-11-27T02:00:00.1Z stdout F ${line}\n`).find();

    it(`${kind}: with every line that does not continue one`, () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }), (pieces) => {
          const line = pieces.join("");
          fc.pre(!isException.test(line));
          assert.equal(starts(line), !CONTINUES[kind].test(line), JSON.stringify(line));
        }),
        { numRuns: 5000 },
      );
    });
  }
});

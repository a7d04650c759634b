import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tally } from "../../../harness/runningStack/account.ts";
import { Ledger, lineOf } from "../../../harness/runningStack/ledger.ts";

const ID = "shop-0/pod-0/7";
const TEXT = lineOf(ID, 211);
const [HEAD, TAIL] = [TEXT.slice(0, 16_384), TEXT.slice(16_384)];
const LABELS = { namespace: "shop-0", pod: "pod-0", container: "app", stream: "stdout" };

function account(texts: readonly string[], { split = true, labels = LABELS as Record<string, string> } = {}) {
  const ledger = new Ledger("shop");
  ledger.add(ID, TEXT, 1n, "stdout");
  if (split) ledger.splitAt(ID, HEAD, TAIL);
  const tally = new Tally(ledger);
  for (const text of texts) tally.add({ at: 1n, text, labels });
  const { lost, twice, damaged, split: halves, cut } = tally.account(texts.length);
  return [lost.length, twice.length, damaged.length, halves.length, cut.length];
}

describe("the account of a line: lost, twice, damaged, split by a rotation, in three", () => {
  it("whole", () => assert.deepEqual(account([TEXT]), [0, 0, 0, 0, 0]));
  it("missing", () => assert.deepEqual(account([]), [1, 0, 0, 0, 0]));
  it("twice", () => assert.deepEqual(account([TEXT, TEXT]), [0, 1, 0, 0, 0]));
  it("in its two halves", () => assert.deepEqual(account([TAIL, HEAD]), [0, 0, 0, 1, 0]));
  it("whole and one half", () => assert.deepEqual(account([TEXT, HEAD]), [0, 1, 0, 0, 0]));
  it("only one half", () => assert.deepEqual(account([HEAD]), [1, 0, 0, 0, 0]));
  it("cut at another place", () =>
    assert.deepEqual(account([TEXT.slice(0, 20_000), TEXT.slice(20_000)]), [1, 0, 2, 0, 0]));
  it("in halves that no rotation made", () =>
    assert.deepEqual(account([HEAD, TAIL], { split: false }), [1, 0, 2, 0, 0]));
  it("with its first half cut", () =>
    assert.deepEqual(account([HEAD.slice(0, 1000), `${HEAD.slice(1000)}\n`, TAIL]), [0, 0, 0, 1, 1]));
  it("with a part of its first half missing", () =>
    assert.deepEqual(account([HEAD.slice(0, 1000), HEAD.slice(1001), TAIL]), [1, 0, 0, 0, 1]));
  it("under the labels of another stream", () =>
    assert.deepEqual(account([TEXT], { labels: { ...LABELS, stream: "stderr" } }), [1, 0, 1, 0, 0]));
});

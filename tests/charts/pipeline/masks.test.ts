// What Alloy masks by the rules of alloy.mask.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CHECKED_CARDS } from "../../../components/alloy/cards.ts";
import { podLogsPipeline } from "../../../components/alloy/pipeline.ts";
import { TOKENS } from "../../../components/alloy/tokens.ts";
import type { Loose } from "../../harness/manifest.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import { processedLogs, type ReadLine } from "../../harness/processedLogs.ts";
import { programMissing } from "../../harness/programs.ts";
import { OTHER_SECRETS, passesLuhn, TOKEN_SECRETS } from "../../harness/secrets.ts";
import { folder } from "../runProgram.ts";

let runs = 0;

async function withRules(mask: Loose[], lines: readonly ReadLine[]) {
  const { resolved } = await load(
    stackFile((config) => {
      config.alloy = { mask };
    }),
  );
  return processedLogs(podLogsPipeline(resolved.alloy), lines, { folder: join(folder, `masks-${runs++}`) });
}

/** What becomes of texts: the text, and what is noted as masked. */
async function masked(mask: Loose[], texts: readonly string[]): Promise<Array<[text: string, note?: string]>> {
  const { lines } = await withRules(
    mask,
    texts.map((body) => ({ body })),
  );
  return lines.map(({ body, attributes }) => (attributes.masked === undefined ? [body] : [body, attributes.masked]));
}

/** Numbers from 0 to below `below` that are the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("what alloy.mask names", { skip: programMissing("alloy") }, () => {
  it("is every well-known token, and the rest of the line stays", async () => {
    assert.deepEqual(new Set(TOKEN_SECRETS.map(({ rule }) => rule)), new Set(TOKENS.map(({ name }) => name)));
    const texts = TOKEN_SECRETS.map(({ secret, text }) => text(secret));
    assert.deepEqual(
      await masked([{ kind: "token" }], texts),
      TOKEN_SECRETS.map(({ rule, text }) => [text(`[masked:${rule}]`), rule]),
    );
  });

  it("is not what only looks a little like it", async () => {
    const texts = [
      "AKIA is the prefix of a key",
      "ghp_short and glpat-short",
      "basic auth is on, bearer of news",
      "GET https://example.com:8080/path?x=1@2",
      "sig=abc",
      "at 12:30 user:group owns /tmp",
      "v1.2.3 of 10.0 and 1.2.3.4567",
      "user @ host, a@b",
      "order 4111-1111 of 2026-11-27",
      "time 1795000000000 ms, 1795000000000000000 ns",
      "id 41111111111111112 and 41111111111111110000",
      "digest 9f4111111111111111ab",
    ];
    const all = ["token", "jwt", "card", "email", "ipv4"].map((kind) => ({ kind }));
    assert.deepEqual(
      await masked(all, texts),
      texts.map((text) => [text]),
    );
  });

  it("is every kind, and each is noted", async () => {
    for (const [kind, secrets] of Object.entries(OTHER_SECRETS))
      assert.deepEqual(
        await masked(
          [{ kind }],
          secrets.map((secret) => `before ${secret}, after`),
        ),
        secrets.map(() => [`before [masked:${kind}], after`, kind]),
      );
    const [first] = await masked(
      ["card", "email", "ipv4"].map((kind) => ({ kind })),
      ["4111111111111111 of a@example.com at 10.1.2.3 and 10.1.2.4"],
    );
    assert.deepEqual(first, ["[masked:card] of [masked:email] at [masked:ipv4] and [masked:ipv4]", "card,email,ipv4"]);
  });

  it("is what a pattern finds, in the rule's namespaces", async () => {
    const { lines } = await withRules(
      [{ pattern: String.raw`\bC\$?-(\d{6})\b`, name: "customer", namespaces: ["team-*"] }, { pattern: "secret" }],
      ["team-a", "other"].map((namespace) => ({ namespace, body: 'a "secret" of C$-123456' })),
    );
    assert.deepEqual(
      lines.map(({ body, attributes }) => [body, attributes.masked]),
      [
        ['a "[masked:pattern-2]" of [masked:customer]', "customer,pattern-2"],
        ['a "[masked:pattern-2]" of C$-123456', "pattern-2"],
      ],
    );
  });

  it("are the numbers that pass Luhn's check, in every form that cards have, and no others", async () => {
    const next = random(17);
    const number = (length: number): string =>
      String(2 + next(5)) + Array.from({ length: length - 1 }, () => next(10)).join("");
    const forms: ReadonlyArray<readonly number[]> = [
      [4, 4, 4, 4],
      [4, 4, 4, 4, 3],
      [4, 6, 5],
      [4, 6, 4],
    ];
    const texts = Array.from({ length: 4000 }, (_, i) => {
      const groups = i % 2 === 0 ? [13 + next(7)] : (forms[next(forms.length)] ?? []);
      let digits = number(groups.reduce((sum, n) => sum + n, 0));
      // Half of them pass.
      if (next(2) === 0) for (let last = 0; !passesLuhn(digits); last++) digits = digits.slice(0, -1) + last;
      const separator = next(2) === 0 ? " " : "-";
      const starts = groups.map((_, g) => groups.slice(0, g).reduce((sum, n) => sum + n, 0));
      const written = groups.map((n, g) => digits.slice(starts[g], (starts[g] ?? 0) + n)).join(separator);
      return { digits, written, groups };
    });
    const result = await masked(
      [{ kind: "card" }],
      texts.map(({ written }, i) => (i % 3 === 0 ? written : `{"id":"${i}","pan":"${written}"}`)),
    );
    const wrong = texts.flatMap(({ digits, written, groups }, i) => {
      // The first 16 digits may be a card's, and the last three something else.
      const short = groups.length === 5 && !passesLuhn(digits) && passesLuhn(digits.slice(0, 16));
      const kept = short ? `[masked:card]${written.slice(19)}` : passesLuhn(digits) ? "[masked:card]" : written;
      const wanted = i % 3 === 0 ? kept : `{"id":"${i}","pan":"${kept}"}`;
      return result[i]?.[0] === wanted ? [] : [{ written, wanted, got: result[i] }];
    });
    assert.deepEqual(wrong, []);
  });

  it("are several cards of a line, among numbers that are none; beyond the stated number all are masked", async () => {
    const card = "4111 1111 1111 1111";
    const other = (i: number): string => `411111111111111${[0, 2, 3, 4, 5, 6, 7, 8, 9][i % 9]}`;
    const others = (count: number): string => Array.from({ length: count }, (_, i) => other(i)).join(", ");
    const result = await masked(
      [{ kind: "card" }],
      [
        `${card}, ${other(1)}, ${card}; 5500000000000004`,
        `2345 ${card}`,
        `${card} 123`,
        `${others(CHECKED_CARDS)}`,
        `${others(CHECKED_CARDS)}, 4222222222222`,
      ],
    );
    assert.deepEqual(
      result.map(([text]) => text),
      [
        `[masked:card], ${other(1)}, [masked:card]; [masked:card]`,
        "2345 [masked:card]",
        "[masked:card] 123",
        others(CHECKED_CARDS),
        `${others(CHECKED_CARDS)}, [masked:card]`,
      ],
    );
  });

  it("is masked the same way each time", async () => {
    const texts = TOKEN_SECRETS.map(({ secret, text }) => text(secret));
    const once = await masked([{ kind: "token" }, { kind: "card" }], texts);
    assert.deepEqual(await masked([{ kind: "token" }, { kind: "card" }], texts), once);
  });
});

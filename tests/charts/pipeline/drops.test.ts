// What Alloy drops by the rules of alloy.drop.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { podLogsPipeline } from "../../../components/alloy/pipeline.ts";
import type { Loose } from "../../harness/manifest.ts";
import { load, stackFile } from "../../harness/plannedStack.ts";
import { processedLogs, type ReadLine } from "../../harness/processedLogs.ts";
import { programMissing } from "../../harness/programs.ts";
import { folder } from "../runProgram.ts";

let runs = 0;

/** Passes lines through the pipeline of a stack with these rules. */
async function withRules(drop: Loose[], lines: readonly ReadLine[]) {
  const { resolved } = await load(
    stackFile((config) => {
      config.alloy = { drop };
    }),
  );
  return processedLogs(podLogsPipeline(resolved.alloy), lines, { folder: join(folder, `drops-${runs++}`) });
}

const json = (level: string | number, namespace = "team-a"): ReadLine => ({
  body: JSON.stringify({ level, msg: "of the application" }),
  namespace,
});
const bodies = ({ lines }: Awaited<ReturnType<typeof withRules>>): string[] => lines.map(({ body }) => body);

describe("lines that alloy.drop names", { skip: programMissing("alloy") }, () => {
  it("are those below a level that the application writes, as a word or as a number of pino", async () => {
    const levels = {
      dropped: ["trace", "debug", "DEBUG", "Debug", "dbg", "Verbose", 10, 20],
      kept: ["info", "Information", "warn", "WARNING", "error", "fatal", "notice", "debugging", 30, 40, 50, 60],
    };
    const lines = [...levels.dropped, ...levels.kept].map((level) => json(level));
    const others = ["level=debug msg=logfmt", "DEBUG plain text", '{"msg":"no level"}', '{"level":"debug"'].map(
      (body) => ({ body, namespace: "team-a" }),
    );
    const result = await withRules([{ namespaces: ["team-a"], belowLevel: "info" }], [...lines, ...others]);
    const kept = [...lines.slice(levels.dropped.length), ...others].map(({ body }) => body);
    assert.deepEqual(bodies(result), kept);
    assert.deepEqual(result.dropped, { "filter/drop-1": levels.dropped.length });
  });

  it("are in the namespaces of the rule and in no others", async () => {
    const namespaces = ["team-a", "team-ab", "a-team-a", "load-1", "load-", "reload-1", "teamXa"];
    const result = await withRules(
      [{ namespaces: ["team-a", "load-*"], belowLevel: "info" }],
      namespaces.map((namespace) => json("debug", namespace)),
    );
    assert.deepEqual(
      result.lines.map(({ resource }) => resource.namespace),
      ["team-ab", "a-team-a", "reload-1", "teamXa"],
    );
  });

  it("are those in which a pattern is found, with every character that YAML, OTTL and the collector read", async () => {
    const pattern = String.raw`^GET /health\?x="\$\{a\}" (200|204)$`;
    const texts = [
      'GET /health?x="${a}" 200',
      'GET /health?x="${a}" 500',
      'a GET /health?x="${a}" 200',
      'GET /health?x="$${a}" 200',
    ];
    const result = await withRules(
      [{ namespaces: ["team-a"], pattern }],
      texts.map((body) => ({ body, namespace: "team-a" })),
    );
    assert.deepEqual(bodies(result), texts.slice(1));
  });

  it("need both a level and a pattern if the rule has both, and are counted by rule", async () => {
    const rules = [
      { namespaces: ["team-a"], belowLevel: "info", pattern: "health" },
      { namespaces: ["team-a"], pattern: "ready" },
    ];
    const texts = ["debug health", "debug", "info health", "info ready", "debug ready"];
    const lines = texts.map((text) => {
      const [level, msg] = text.split(" ");
      return { body: JSON.stringify({ level, msg, text }), namespace: "team-a" };
    });
    const result = await withRules(rules, lines);
    assert.deepEqual(
      bodies(result).map((body) => JSON.parse(body).text),
      ["debug", "info health"],
    );
    assert.deepEqual(result.dropped, { "filter/drop-1": 1, "filter/drop-2": 2 });
  });

  it("are kept in the share of the sample, and the same ones each time they are sent", async () => {
    for (const sample of [0.1, 0.5]) {
      const lines = Array.from({ length: 2000 }, (_, i) => ({
        body: `request ${i % 7} served`,
        namespace: "team-a",
        at: 1_795_000_000_000_000_000n + BigInt(i) * 1_234_567n,
      }));
      const rules = [{ namespaces: ["team-a"], pattern: "request", sample }];
      const once = await withRules(rules, lines);
      const kept = once.lines.length / lines.length;
      // Four standard deviations.
      const most = 4 * Math.sqrt((sample * (1 - sample)) / lines.length);
      assert.ok(Math.abs(kept - sample) <= most, `${kept} of the lines were kept, not ${sample}`);
      assert.deepEqual((await withRules(rules, lines)).lines, once.lines);
    }
  });
});

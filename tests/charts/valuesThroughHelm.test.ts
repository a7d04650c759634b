// What helm reads from the values files that this project writes.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { helmMissing, helmTemplate } from "../../automation/plan/helmTemplate.ts";
import { chartsMissing } from "../harness/charts.ts";
import { ODD_SCALARS } from "../harness/engineScalars.ts";
import type { Loose } from "../harness/manifest.ts";
import { stackFile } from "../harness/plannedStack.ts";
import { containersOf, podsOf, render } from "./renderedCharts.ts";
import { folder } from "./runProgram.ts";

describe("helm reads every value as Pulumi sends it:", { skip: helmMissing() ?? false }, () => {
  const chart = join(folder, "values-chart");
  const { LOGGING_CHARTS } = process.env;

  before(() => {
    // Else the chart would come from that folder.
    delete process.env.LOGGING_CHARTS;
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: values\nversion: 1.0.0\n");
    writeFileSync(
      join(chart, "templates", "values.yaml"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\ndata: {json: {{ .Values.list | toJson | quote }}}\n",
    );
  });
  after(() => {
    if (LOGGING_CHARTS !== undefined) process.env.LOGGING_CHARTS = LOGGING_CHARTS;
  });

  /**
   * The values as helm reads them. In a list, because helm removes absent values from maps.
   *
   * The JSON that helm prints is read as YAML: `JSON.parse` of Node 24 takes the key `"\u003e"` for `"\\"` if it has read that key before.
   * https://github.com/nodejs/node/issues/63785
   */
  async function throughHelm(list: unknown): Promise<unknown> {
    const release = { name: "values", namespace: "logging", chart, version: "1.0.0", timeout: 1, values: { list } };
    const [object] = await helmTemplate(release);
    return parse((object as Loose).data.json);
  }

  it("texts that look like something else, as values and as keys", async () => {
    const texts = [
      ...ODD_SCALARS,
      "012",
      "1e3",
      "a\nb",
      "a\n",
      "\na",
      " a\nb",
      "a\n\n b \n",
      "\t",
      "a\r\nb",
      "a:",
      "- a",
      "\ud83d\ude00",
    ];
    const list = texts.flatMap((text) => [text, { [text]: text }, { in: `x ${text}`, lines: `${text}\n${text}\n` }]);
    assert.deepEqual(await throughHelm(list), list);
  });

  it("any JSON value", { timeout: 120_000 }, async () => {
    const unit = fc.constantFrom(
      ..."\n\n  \t\rabn01.:-#'\"\\|>&*!%@{}[],?~=<_é\u0085\u00a0\u2028\ufeff\u0000\u001b",
      "\ud83d\ude00",
    );
    const text = fc.oneof(fc.string({ unit, maxLength: 8 }), fc.string({ unit: "binary", maxLength: 6 }));
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    // JSON has one zero.
    const leaf = fc
      .oneof(text, fc.jsonValue({ maxDepth: 0 }), fc.integer(), number)
      .map((any) => (any === 0 ? 0 : any));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(text, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 100, maxLength: 300 }), async (list) => {
        assert.deepEqual(await throughHelm(list), list);
      }),
      // Each run starts helm. To make an example smaller takes up to 30,000 runs, an hour: the difference names the value anyway.
      { numRuns: 15, endOnFailure: true },
    );
  });
});

describe("a word that YAML 1.1 takes for something else", { skip: chartsMissing() }, () => {
  for (const environment of ["no", "on", "0777", "1e3", "12e5", "Null", "1_000"]) {
    it(`stays text in the objects of both releases: ${environment}`, async () => {
      const { alloy, loki } = await render(
        stackFile((c) => {
          c.cluster.environment = environment;
        }),
      );
      assert.ok(JSON.stringify(alloy).includes(JSON.stringify(environment)));
      const values = podsOf([...alloy, ...loki]).flatMap(({ spec }) =>
        containersOf(spec).flatMap(({ env }) => env ?? []),
      );
      for (const { name, value, valueFrom } of values) assert.ok(valueFrom || typeof value === "string", name);
    });
  }
});

// The facts that tests use without the charts are those of the charts.
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";
import { chartFactsFile } from "../harness/chartFacts.ts";
import { chartsMissing } from "../harness/charts.ts";
import { assertFixture } from "../harness/fixture.ts";
import { plan, valuesOf } from "../harness/plannedStack.ts";
import { generateChartFacts, readChart } from "./generateChartFacts.ts";
import { releasesOf, STACK_CONFIGS } from "./stackConfigs.ts";
import { CHANGED_DEFAULTS, EVERYTHING, LEFT_OUT, valuesOfSeed, WRONG_KEYS } from "./valueCases.ts";

describe("the facts in tests/fixtures/charts are those of the pinned chart", { skip: chartsMissing() }, () => {
  for (const { name, version } of [LOKI_CHART, ALLOY_CHART]) {
    it(name, async () => {
      const releases = await Promise.all(STACK_CONFIGS.map(({ change, stack }) => releasesOf(change, stack)));
      const facts = generateChartFacts(readChart(name), {
        set: [
          valuesOf(await plan(EVERYTHING), name),
          valuesOf(await plan(LEFT_OUT), name),
          valuesOfSeed(name),
          ...WRONG_KEYS.filter(([, chart]) => chart === name).map(([, , values]) => values),
        ],
        releases: releases.flat().filter((release) => release.name === name),
        paths: CHANGED_DEFAULTS.filter(([, chart]) => chart === name).map(([, , path]) => path),
      });
      const head = `# Facts of the chart ${name} ${version}, made by tests/charts/generateChartFacts.ts. To update: npm test -- --update, with helm and charts.\n`;
      assertFixture(
        chartFactsFile(name, version),
        head + stringify(facts, { aliasDuplicateObjects: false, lineWidth: 0 }),
      );
    });
  }
});

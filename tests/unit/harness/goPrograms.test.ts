import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { pinned } from "../../harness/goPrograms.ts";

it("builds the version of Prometheus that the pipelines install", () => {
  const [, major, minor, patch] =
    /^prometheus v(\d+)\.(\d+)\.(\d+) /m.exec(readFileSync(".github/programs.txt", "utf8")) ?? [];
  // Its Go module counts 3.16.0 as 0.316.0. https://github.com/prometheus/prometheus#prometheus-code-base
  assert.equal(pinned("prometheus"), `v0.${major}${minor?.padStart(2, "0")}.${patch}`);
});

it("builds the version of Loki that the chart runs", () => {
  assert.equal(pinned("loki"), `v${LOKI_CHART.appVersion}`);
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { pinned } from "../../harness/goPrograms.ts";

it("builds the version of Loki that the chart runs", () => {
  assert.equal(pinned("loki"), `v${LOKI_CHART.appVersion}`);
});

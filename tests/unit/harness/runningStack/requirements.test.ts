import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { PACKAGES } from "../../../harness/programs.ts";
import { requirementsMissing, standIns } from "../../../harness/runningStack/requirements.ts";

it(".ci/packages.sh installs every package that the tier needs", () => {
  const install = /^apt-get install (.*)$/m.exec(readFileSync(".ci/packages.sh", "utf8"))?.[1] ?? "";
  // Debian marks it as essential: no system boots without it.
  const essential = ["util-linux"];
  const wanted = Object.values(PACKAGES).filter((name) => !essential.includes(name));
  assert.deepEqual(
    install.split(" ").filter((word) => !word.startsWith("--")),
    wanted,
  );
});

it("a run without charts reports that and the way to get them, and still runs", () => {
  const { LOGGING_CHARTS } = process.env;
  try {
    process.env.LOGGING_CHARTS = "/nowhere";
    const [said = ""] = standIns();
    assert.match(said, /^NO CHARTS: .*withoutCharts.*helm pull loki --repo .*helm pull alloy --repo /);
    assert.doesNotMatch(requirementsMissing().join(), /helm|chart/);
  } finally {
    if (LOGGING_CHARTS === undefined) delete process.env.LOGGING_CHARTS;
    else process.env.LOGGING_CHARTS = LOGGING_CHARTS;
  }
});

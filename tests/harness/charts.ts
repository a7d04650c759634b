import { existsSync } from "node:fs";
import { join } from "node:path";
import { helmMissing } from "../../automation/plan/helmTemplate.ts";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";

/** Why charts cannot be rendered, and how to change that. `false` when they can. The value of `skip` in tests that need them. */
export function chartsMissing(): string | false {
  const folder = process.env.LOGGING_CHARTS;
  const missing = ["loki", "alloy"].filter((name) => !folder || !existsSync(join(folder, name, "Chart.yaml")));
  const reasons = [
    helmMissing(),
    missing.length > 0 &&
      `no chart of ${missing.join(" and ")}: set LOGGING_CHARTS to a folder with loki/ and alloy/, made by ` +
        `\`helm pull loki --repo ${LOKI_CHART.repository} --version ${LOKI_CHART.version} --untar\` and ` +
        `\`helm pull alloy --repo ${ALLOY_CHART.repository} --version ${ALLOY_CHART.version} --untar\``,
  ].filter(Boolean);
  return reasons.length > 0 && reasons.join("; ");
}

// Prints one stack of the project in the current folder as a Side, for side.ts. Any version of the project: only its index.ts,
// config.ts and resolveArgs.ts are asked, everything else is of this version.
import { pathToFileURL } from "node:url";
import { reportAndExit } from "../commands/reportAndExit.ts";
import { helmTemplate } from "./helmTemplate.ts";
import { planOffline } from "./offlinePlan.ts";
import { releasesOf, type Side } from "./renderedStack.ts";
import { readStackFile } from "./stackFiles.ts";

try {
  const [stack = "", configFile] = process.argv.slice(2);
  const project = pathToFileURL(`${process.cwd()}/`);
  const plan = await planOffline(readStackFile(stack, configFile), { project, tellSecretsApart: true });
  const side: Side = {
    resources: plan.resources,
    releases: releasesOf(plan.resources).map((release) => ({
      name: release.name,
      namespace: release.namespace,
      chart: release.chart,
      version: release.version,
      objects: helmTemplate(release),
    })),
    ...(plan.capacity && { pool: plan.capacity.pool }),
    warnings: plan.warnings,
  };
  process.stdout.write(JSON.stringify(side));
} catch (error) {
  reportAndExit(error);
}

// The process of renderStack.ts: prints one stack of the project in the current folder as JSON.
import { pathToFileURL } from "node:url";
import { reportAndExit } from "../commands/reportAndExit.ts";
import { helmTemplate } from "./helmTemplate.ts";
import { planOffline } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";
import type { RenderedStack } from "./renderStack.ts";
import { readStackFile } from "./stackFiles.ts";

try {
  const [stack = ""] = process.argv.slice(2);
  const project = pathToFileURL(`${process.cwd()}/`);
  const plan = await planOffline(readStackFile(stack), { project, tellSecretsApart: true });
  const rendered: RenderedStack = {
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
  process.stdout.write(JSON.stringify(rendered));
} catch (error) {
  reportAndExit(error);
}

// The process of renderStack.ts: prints one stack of the project in the current folder as JSON.
import { pathToFileURL } from "node:url";
import { errorText } from "../expectedErrors.ts";
import { helmTemplates } from "./helmTemplate.ts";
import { planOffline } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";
import type { RenderedStack } from "./renderStack.ts";
import { readStackFile } from "./stackFiles.ts";

async function render(stack: string): Promise<RenderedStack> {
  const project = pathToFileURL(`${process.cwd()}/`);
  const { resources, warnings } = await planOffline(readStackFile(stack), {
    project,
    tellSecretsApart: true,
  });
  const releases = releasesOf(resources);
  const objects = await helmTemplates(releases);
  return {
    resources,
    releases: releases.map(({ name, namespace, chart, version }, i) => ({
      ...{ name, namespace, chart, version },
      objects: objects[i] ?? [],
    })),
    warnings,
  };
}

render(process.argv[2] ?? "").then(
  (rendered) => process.stdout.write(JSON.stringify(rendered)),
  (error: unknown) => {
    console.error(errorText(error));
    process.exit(1);
  },
);

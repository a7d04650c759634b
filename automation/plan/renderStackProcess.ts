// The process of renderStack.ts: prints one stack of the project in the current folder as JSON.
import { pathToFileURL } from "node:url";
import { errorText } from "../expectedErrors.ts";
import { checkPromises } from "../promises/checkPromises.ts";
import { type ChartLogin, helmTemplates } from "./helmTemplate.ts";
import { planOffline } from "./offlinePlan.ts";
import { releasesOf } from "./releases.ts";
import { CHART_LOGIN, type RenderedStack, WITH_PROMISES } from "./renderStack.ts";
import { readStackFile } from "./stackFiles.ts";

async function render(stack: string, promises: boolean): Promise<RenderedStack> {
  const options = { project: pathToFileURL(`${process.cwd()}/`), tellSecretsApart: true };
  const file = readStackFile(stack);
  const { resources, warnings } = await planOffline(file, options);
  const releases = releasesOf(resources);
  const text = process.env[CHART_LOGIN];
  const login = text === undefined ? undefined : (JSON.parse(text) as ChartLogin);
  const checked = promises ? await checkPromises(file, resources, { ...options, ...(login && { login }) }) : undefined;
  const objects = checked?.objects ?? (await helmTemplates(releases, login));
  return {
    resources,
    releases: releases.map(({ name, namespace, chart, version }, i) => ({
      ...{ name, namespace, chart, version },
      objects: objects[i] ?? [],
    })),
    warnings: [...warnings, ...(checked?.warnings ?? [])],
    ...(checked && { broken: checked.broken }),
  };
}

render(process.argv[2] ?? "", process.argv.includes(WITH_PROMISES)).then(
  (rendered) => process.stdout.write(JSON.stringify(rendered)),
  (error: unknown) => {
    console.error(errorText(error));
    process.exitCode = 1;
  },
);

// npm start: what every stack of the project would create, offline.
import { styleText } from "node:util";
import { formatProfiles } from "../../components/profile/profiles.ts";
import { isExpected } from "../expectedErrors.ts";
import { planOffline } from "../plan/offlinePlan.ts";
import { planText } from "../plan/planText.ts";
import { readStackFile, stackNames } from "../plan/stackFiles.ts";
import { defineCommand, runAsProcess } from "./defineCommand.ts";

const usage = () => `usage: npm start -- [stack...] [--values]\nstacks: ${stackNames().join(", ")}`;

const OPTIONS = { values: { type: "boolean", default: false } } as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const refusals: string[] = [];
  for (const stack of positionals.length > 0 ? positionals : stackNames()) {
    try {
      console.log(planText(await planOffline(readStackFile(stack)), values.values));
    } catch (error) {
      // The other stacks are still shown; all refusals come together at the end.
      if (!isExpected(error)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new Error(refusals.join("\n\n"));
  console.log(`\n  ${styleText("underline", "Profiles, by measured figures: docs/sizing.md")}`);
  console.log(`${formatProfiles().replace(/^/gm, "  ")}\n`);
  console.log(
    styleText(
      "dim",
      "Offline: no engine, cluster or cloud was asked. Against the real ones: pulumi preview --stack <stack>.",
    ),
  );
  return 0;
});

if (import.meta.main) runAsProcess(main);

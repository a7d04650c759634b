import { execFileSync } from "node:child_process";
import type { PlannedResource } from "../../../automation/plan/offlinePlan.ts";

/** The offline plan of a stack in a project folder. Runs in a separate process, because it takes over Pulumi's runtime. */
export function offlinePlanOf(project: string, stack: string): PlannedResource[] {
  const script = `
    const { planOffline } = await import("./automation/plan/offlinePlan.ts");
    const { readStackFile } = await import("./automation/plan/stackFiles.ts");
    const { resources } = await planOffline(readStackFile("${stack}"));
    console.log(JSON.stringify(resources));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(output.split("\n").findLast(Boolean) ?? "[]") as PlannedResource[];
}

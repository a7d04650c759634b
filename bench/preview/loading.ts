// What loading code takes before a program or command does anything, each in a process of its own with the stack's preload.
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { type BenchEnvironment, temporaryFolder } from "./environment.ts";
import { type Contestant, difference, of, rounds, seconds } from "./rounds.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const SDK = "Node and `@pulumi/pulumi` alone";

const loads = (...modules: string[]) => modules.map((module) => `await import(${JSON.stringify(module)});`).join("\n");
const own = (file: string) => resolve(PROJECT, file);

/** Name and code; each begins with the SDK. */
const LOADED: Readonly<Record<string, string>> = {
  [SDK]: "",
  "the stack's program": loads(own("components/loggingStack.ts"), own("stack/config.ts"), own("stack/providers.ts")),
  "of it, `zod`": loads("zod"),
  "`zod` as CommonJS": 'process.getBuiltinModule("node:module").createRequire(import.meta.url)("zod");',
  "of it, `yaml`": loads("yaml"),
  "`npm run preview`: the report": loads(own("automation/engine/stackPreview.ts")),
  "the report together with `up`, `destroy` and the client of the Kubernetes API": loads(
    own("automation/deploy/operations.ts"),
  ),
};

export async function loading(bench: BenchEnvironment, count: number): Promise<string> {
  const TMPDIR = temporaryFolder(bench);
  const contestants = Object.entries(LOADED).map(([name, code]): Contestant => {
    const args = [
      "--require",
      "./requireNode.cjs",
      "--input-type=module",
      "--eval",
      `${loads("@pulumi/pulumi")}\n${code}`,
    ];
    return {
      name,
      async run() {
        const begun = performance.now();
        await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, TMPDIR } });
        return (performance.now() - begun) / 1000;
      },
    };
  });
  const { clock, processor } = await rounds(contestants, count);
  return [
    "| loaded | seconds, median | beyond the SDK | processor's seconds, median | beyond the SDK |",
    "| --- | --- | --- | --- | --- |",
    ...Object.keys(LOADED).map((name) => {
      const cells = [clock, processor].map(
        (times) => `${seconds(of(times, name))} | ${name === SDK ? "" : difference(times, name, SDK)}`,
      );
      return `| ${name} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

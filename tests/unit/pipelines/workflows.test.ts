// What the workflows of GitHub and the pipeline of Azure run, when, and in which order.
import assert from "node:assert/strict";
import { accessSync, constants, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { stackNames } from "../../../automation/plan/stackFiles.ts";
import type { Loose } from "../../harness/manifest.ts";
import { planOf, STACKS } from "../../harness/plannedStack.ts";
import { onPath } from "../../harness/programs.ts";
import {
  azure,
  azureDeployments,
  azureJob,
  azureStage,
  shellOf,
  stepNamed,
  WORKFLOWS,
  workflow,
} from "./pipelineFiles.ts";
import { type Ran, runStep } from "./standIns.ts";

const LABEL = "run-all-tiers";

/** The shell of all steps of a job. */
const shells = (steps: readonly Loose[]): string[] => steps.map(shellOf).filter((shell) => shell !== undefined);

const azureSteps = (job: Loose): Loose[] => job.steps ?? job.strategy.runOnce.deploy.steps;

describe("steps", () => {
  const all = [
    ...WORKFLOWS.flatMap((file) => Object.values<Loose>(parse(readFileSync(file, "utf8")).jobs)).map(
      ({ steps }) => steps,
    ),
    ...azure().stages.flatMap(({ jobs }: Loose) => jobs.map(azureSteps)),
  ].flatMap(shells);

  it("are one command each; anything longer is a script, which has its own test", () => {
    const longer = new Set(all.filter((shell) => /[\n;]|&&|\|\|/.test(shell.trim())));
    assert.deepEqual([...longer], [stepNamed(workflow("check").jobs.required.steps, "All results").run]);
  });

  it("call scripts, npm scripts and programs that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const programs = readFileSync(".github/programs.txt", "utf8");
    for (const shell of all) {
      for (const [script] of shell.matchAll(/\.(?:github\/scripts|ci)\/[\w.-]+/g)) accessSync(script, constants.X_OK);
      for (const [, name = ""] of shell.matchAll(/npm run ([\w:]+)/g)) assert.ok(name in scripts, name);
      for (const name of shell.match(/prepare\.sh (.*)/)?.[1]?.split(" ") ?? [])
        assert.match(programs, new RegExp(`^${name} `, "m"));
    }
  });
});

describe("check", () => {
  const { on, jobs } = workflow("check");

  it("runs the same commands on GitHub and on Azure", () => {
    for (const name of ["test", "pipeline", "cluster"]) {
      const github = shells(jobs[name].steps);
      assert.deepEqual(shells(azureJob(name).steps).slice(0, github.length), github, name);
    }
  });

  it("runs the proving tiers every night, by hand and by label", () => {
    assert.deepEqual(
      [on.schedule, azure().schedules.map(({ cron }: Loose) => ({ cron }))],
      [[{ cron: "0 2 * * *" }], on.schedule],
    );
    assert.ok(on.pull_request.types.includes("labeled"));
    for (const { if: condition } of [jobs.pipeline, jobs.cluster]) {
      assert.match(condition, /'schedule'.*'workflow_dispatch'/);
      assert.ok(condition.includes(`contains(github.event.pull_request.labels.*.name, '${LABEL}')`));
    }
    assert.ok(stepNamed(azureJob("test").steps, "tiers").bash.endsWith(`label ${LABEL}`));
    const condition = (allTiers: boolean) => azureStage("tiers", { allTiers: allTiers ? "True" : "False" }).condition;
    assert.match(
      condition(true),
      /'Schedule'\), eq\('True', 'True'\), eq\(dependencies\.check\.outputs\['test\.tiers\.labelled'\]/,
    );
    assert.match(condition(false), /eq\('False', 'True'\)/);
  });

  it("has one job that stands for all others", () => {
    const { needs, if: condition, env, steps } = jobs.required;
    assert.deepEqual(
      needs,
      Object.keys(jobs).filter((name) => name !== "required"),
    );
    assert.equal(env.RESULTS, needs.map((job: string) => `\${{ needs.${job}.result }}`).join(" "));
    assert.equal(condition, "always()");
    const status = (RESULTS: string) => runStep(stepNamed(steps, "All results").run, { RESULTS }).status;
    for (const results of ["success success success", "success skipped skipped"])
      assert.equal(status(results), 0, results);
    for (const results of [
      "failure skipped skipped",
      "skipped success success",
      "success success cancelled",
      "success failure skipped",
    ])
      assert.notEqual(status(results), 0, results);
  });

  it("checks that Azure's waves name every stack once", { skip: !onPath("jq") && "jq is not on PATH" }, () => {
    const compare = (waves?: Loose) => {
      const { bash, env } = stepNamed(azureJob("test", waves && { waves }).steps, "Every stack is in this file, once");
      return runStep(bash, env);
    };
    assert.equal(compare().status, 0);
    assert.match(compare([{ name: "canary", stacks: ["prod-aks-a"] }]).output, /^> prod-aks-b$/m);
  });
});

/** The environment of a step with the settings that people make, and what Azure's task adds for `addSpnToEnvironment`. */
const SETTINGS = {
  ...{ STACK: "prod-aks-a", KEY_VAULT: "vault", PULUMI_BACKEND_URL: "azblob://state" },
  ...{ servicePrincipalId: "spn", tenantId: "tenant", idToken: "token" },
};

describe("preview", () => {
  const github = shellOf(stepNamed(workflow("preview").jobs.preview.steps, "Report")) ?? "";
  const onAzure = shellOf(stepNamed(azureStage("preview").jobs[0].steps, "Report")) ?? "";

  it("runs for every stack", { skip: !onPath("jq") && "jq is not on PATH" }, () => {
    const find = shellOf(stepNamed(workflow("preview").jobs.stacks.steps, "find")) ?? "";
    assert.match(runStep(find).file("OUTPUT"), /^stacks=\["prod-aks-a","prod-aks-b"\]$/m);
    const { matrix } = azureStage("preview").jobs[0].strategy;
    assert.deepEqual(matrix, { prod_aks_a: { STACK: "prod-aks-a" }, prod_aks_b: { STACK: "prod-aks-b" } });
  });

  it("reports with MinIO's keys from the vault", () => {
    for (const shell of [github, onAzure]) {
      const ran = runStep(shell, { ...SETTINGS, GITHUB_ACTIONS: "true" }, { npm: 'echo report >"$6"' });
      assert.equal(ran.status, 0, ran.output);
      assert.equal(ran.file("report.md"), "report\n");
      for (const secret of ["minio-user", "minio-password"])
        assert.match(
          ran.calls,
          new RegExp(`^az keyvault secret show --vault-name vault --name ${secret} --query value`, "m"),
        );
      assert.match(ran.calls, /^npm run preview -- prod-aks-a --markdown \S+ --fail-on destructive with of-az:of-az$/m);
      assert.match(ran.output, /^::add-mask::of-az$/m);
    }
    const accepted = runStep(github, { ...SETTINGS, ACCEPT: "--accept-destructive" });
    assert.match(accepted.calls, /--fail-on destructive --accept-destructive with/);
  });

  it("hides a key with percent signs, which a command of the log would read as another text", () => {
    const az = { az: "echo 'a%25b%0Ac'" };
    const masked = (variable: string) => runStep(github, { ...SETTINGS, [variable]: "true" }, az).output;
    assert.match(masked("GITHUB_ACTIONS"), /^::add-mask::a%2525b%250Ac$/m);
    assert.match(masked("TF_BUILD"), /^##vso\[task\.setsecret\]a%AZP2525b%AZP250Ac$/m);
  });

  it("replaces the older comment if it fails, and runs nothing without both keys", () => {
    for (const shell of [github, onAzure]) {
      const failed = runStep(shell, SETTINGS, { npm: "exit 3" });
      assert.equal(failed.status, 3);
      assert.match(failed.file("report.md"), /^### prod-aks-a: no preview\n\nThe preview failed\. /);
      const refused = runStep(shell, SETTINGS, { az: "exit 1" });
      assert.equal(refused.status, 1);
      assert.doesNotMatch(refused.calls, /^npm/m);
    }
  });
});

describe("deploy", () => {
  const { on, jobs } = workflow("deploy");
  const pipelines: Loose[][] = [jobs.canary.steps, azureSteps(azureDeployments()[0])];

  it("runs from main only, also by hand", () => {
    assert.deepEqual(on.push, { branches: ["main"] });
    assert.equal(jobs.stacks.if, "github.ref == 'refs/heads/main'");
    assert.deepEqual([jobs.canary.needs, jobs.rest.needs], ["stacks", ["stacks", "canary"]]);
    assert.deepEqual(jobs.canary.steps, jobs.rest.steps);
    for (const { condition } of azure().stages.filter(({ stage }: Loose) => stage.startsWith("deploy_"))) {
      assert.match(condition, /eq\(variables\['Build.SourceBranch'\], 'refs\/heads\/main'\)/);
      assert.match(condition, /notIn\(variables\['Build.Reason'\], 'PullRequest', 'Schedule'\)/);
    }
  });

  it("has more time than its releases may wait", async () => {
    const limits = [jobs.canary, jobs.rest].map((job) => job["timeout-minutes"]);
    limits.push(...azureDeployments().map(({ timeoutInMinutes }) => timeoutInMinutes));
    for (const stack of STACKS) {
      const releases = (await planOf(stack)).resources.filter(({ type }) => type.endsWith(":Release"));
      assert.equal(releases.length, 2);
      const minutes = releases.reduce((sum, { inputs }) => sum + Number(inputs.timeout), 0) / 60;
      for (const limit of limits) assert.ok(limit > minutes + 10, `${limit} of ${minutes}`);
    }
  });

  it("goes in waves, the canary first", { skip: !onPath("jq") && "jq is not on PATH" }, () => {
    const find = shellOf(stepNamed(jobs.stacks.steps, "find")) ?? "";
    const found = (CANARY: string) => runStep(find, { CANARY }).file("OUTPUT");
    assert.match(found(""), /^canary=prod-aks-a\nrest=\["prod-aks-b"\]$/m);
    assert.match(found("prod-aks-b"), /^canary=prod-aks-b\nrest=\["prod-aks-a"\]$/m);
    assert.equal(jobs.rest.strategy["max-parallel"], 4);

    const waves = [
      ["canary", "a"],
      ["first", "b", "c"],
      ["last", "d"],
    ].map(([name, ...stacks]) => ({ name, stacks }));
    const stages: Loose[] = azure({ waves }).stages.filter(({ stage }: Loose) => stage.startsWith("deploy_"));
    assert.deepEqual(
      stages.map(({ stage, dependsOn, jobs }) => [stage, dependsOn, jobs.map((job: Loose) => job.environment)]),
      [
        ["deploy_canary", "check", ["a"]],
        // Without dependsOn, Azure takes the stage before.
        ["deploy_first", undefined, ["b", "c"]],
        ["deploy_last", undefined, ["d"]],
      ],
    );
    assert.deepEqual(
      azureDeployments()
        .map(({ environment }) => environment)
        .sort(),
      stackNames(),
    );
  });

  it("logs in and runs up for one stack in its own time, and accepts destruction where that was asked for", () => {
    for (const steps of pipelines) {
      const up = stepNamed(steps, "Up");
      const deploy = (more: NodeJS.ProcessEnv = {}, standIns = {}): Ran =>
        runStep(shells(steps.slice(0, steps.indexOf(up) + 1)).join("\n"), { ...SETTINGS, ...more }, standIns);
      const ran = deploy();
      assert.equal(ran.status, 0, ran.output);
      assert.match(
        ran.calls,
        /^pulumi login azblob:\/\/state\n(az .*\n)*npm run deploy -- up --stack prod-aks-a with of-az:of-az$/m,
      );
      assert.match(ran.output, /^ended with 0$/m);
      assert.doesNotMatch(ran.file("grace/log"), /of-az/);
      assert.match(deploy({ ACCEPT: "--accept-destructive" }).calls, /--stack prod-aks-a --accept-destructive with/);
      assert.equal(deploy({}, { npm: '[ "$1" = ci ] || exit 3' }).status, 3);
      assert.match(shellOf(up) ?? "", /^exec /, "a cancelled job signals only the shell of the step");
    }
    const accept = (acceptDestructive: boolean) =>
      stepNamed(azureSteps(azureDeployments({ acceptDestructive })[0]), "Up").env.ACCEPT;
    assert.deepEqual([accept(false), accept(true)], [undefined, "--accept-destructive"]);
  });

  it("waits for a cancelled deployment, and verifies", () => {
    for (const steps of pipelines) {
      assert.equal(runStep(shellOf(stepNamed(steps, "Wait for a cancelled deployment")) ?? "").status, 0);
      assert.equal(
        runStep(shellOf(stepNamed(steps, "Verify")) ?? "", SETTINGS).calls,
        "npm run verify -- prod-aks-a\n",
      );
    }
  });
});

it("a release has the tag, its title and the changelog's text", () => {
  const { on, jobs } = workflow("release");
  assert.deepEqual(on, { push: { tags: ["v*"] } });
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  const shell = shells(jobs.release.steps).join("\n");
  const { status, calls, file, output } = runStep(shell, { GITHUB_REF_NAME: `v${version}` });
  assert.equal(status, 0, output);
  assert.match(
    calls,
    new RegExp(`^gh release create v${version} --verify-tag --title v${version} --notes-file \\S+/notes\\.md$`, "m"),
  );
  assert.match(file("notes.md"), /^- /m);
  assert.doesNotMatch(runStep(shell, { GITHUB_REF_NAME: "v0.0.0" }).calls, /gh/);
});

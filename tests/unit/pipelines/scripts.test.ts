// The scripts that the pipelines call, with stand-ins for the programs that they call.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import { onPath } from "../../harness/programs.ts";
import { pinnedVersion } from "../../harness/pulumi/findPrograms.ts";
import { runStep } from "./standIns.ts";

const NO_JQ = !onPath("jq") && "jq is not on PATH: the system's package jq";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "logging-scripts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("install-programs.sh", () => {
  const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
  /** Runs the script with one row for the program `tool`. Downloads come from `files`, by the last part of their URL. */
  const install = (row: string, files: Record<string, string | Buffer> = {}) => {
    const project = mkdtempSync(join(folder, "project-"));
    for (const path of [".github/scripts", "served"]) mkdirSync(join(project, path), { recursive: true });
    writeFileSync(join(project, ".github/programs.txt"), `# tool\n${row}\n`);
    const script = join(project, ".github/scripts/install-programs.sh");
    writeFileSync(script, readFileSync(".github/scripts/install-programs.sh"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(project, "served", name), content);
    const ran = runStep(
      `bash ${script} ${project}/bin tool`,
      {},
      {
        curl: `while [ "$1" != --output ]; do shift; done; cp "${project}/served/\${3##*/}" "$2"`,
        go: 'while [ "$1" != -o ]; do shift; done; echo built >"$2"',
        pipx: 'echo installed >"$PIPX_BIN_DIR/tool"',
      },
    );
    const installed = readdirSync(join(project, "bin")).map((name) => [
      name,
      readFileSync(join(project, "bin", name), "utf8"),
    ]);
    return { ...ran, installed: Object.fromEntries(installed) };
  };
  const FILE = "tool-1.2.3-linux-amd64";
  const row = (checksum: string) => `tool v1.2.3 ${checksum} https://host/{tag}/tool-{version}-linux-amd64 tool-1.2.3`;

  it("installs a download with the pinned checksum", () => {
    const { status, calls, output, installed } = install(row(`sha256:${sha256("good")}`), { [FILE]: "good" });
    assert.equal(status, 0, output);
    assert.match(calls, / https:\/\/host\/v1\.2\.3\/tool-1\.2\.3-linux-amd64$/m);
    assert.deepEqual(installed, { "tool-1.2.3": "good" });
  });

  it("installs nothing if the checksum differs", () => {
    for (const checksum of [`sha256:${sha256("good")}`, `sha512:${"0".repeat(128)}`, "sha256:"]) {
      const { status, output, installed } = install(row(checksum), { [FILE]: "bad" });
      assert.equal(status, 1);
      assert.match(output, /does not have the sha/);
      assert.deepEqual(installed, {});
    }
  });

  it("looks the checksum up in the release's list, and fails if it differs or is not listed", () => {
    const withList = (SHA256SUMS: string) => install(row("list:SHA256SUMS"), { [FILE]: "good", SHA256SUMS });
    const other = `${sha256("other")}  tool-1.2.3-linux-arm64\n`;
    for (const name of [FILE, `*${FILE}`, `./${FILE}`])
      assert.deepEqual(withList(`${other}${sha256("good")}  ${name}\n`).installed, { "tool-1.2.3": "good" });
    for (const list of [other, `${sha256("bad")}  ${FILE}\n`]) {
      const { status, installed } = withList(list);
      assert.deepEqual([status, installed], [1, {}]);
    }
  });

  it("unpacks an archive and installs the named programs, without the platform in their names", () => {
    const archive = join(folder, "tool.tar.gz");
    const files = "mkdir a && echo 1 >a/tool-linux-amd64 && echo 2 >a/extra-one && echo 3 >a/other";
    assert.equal(runStep(`cd ${folder} && ${files} && tar -czf ${archive} a`).status, 0);
    const content = readFileSync(archive);
    const { output, installed } = install(`tool v1 sha256:${sha256(content)} https://host/tool.tar.gz tool,extra*`, {
      "tool.tar.gz": content,
    });
    assert.deepEqual(installed, { "extra-one": "2\n", tool: "1\n" }, output);
  });

  it("builds from Go modules, and installs from PyPI", () => {
    const go = install("tool - go.sum tests/harness/programs/tool example.com/tool");
    assert.match(go.calls, /^go build -C tests\/harness\/programs\/tool -mod=readonly .* example\.com\/tool$/m);
    assert.deepEqual(go.installed, { tool: "built\n" });
    const python = install("tool 1.2 pypi - tool");
    assert.match(python.calls, /^pipx install tool==1\.2$/m);
    assert.deepEqual(python.installed, { tool: "installed\n" });
  });

  it("fails for an unknown program", () => {
    const { status, output } = install("other v1 sha256: https://host other");
    assert.equal(status, 1);
    assert.match(output, /no program tool in/);
  });
});

describe("prepare.sh", () => {
  const shell = ".github/scripts/prepare.sh";
  /** As `helm pull --untar` does. */
  const helm = 'mkdir -p "${@: -1}/$2"';

  it("pulls the pinned and the previous charts, and later steps find them and the programs", () => {
    const github = runStep(shell, { GITHUB_ACTIONS: "true" }, { helm });
    assert.equal(github.status, 0, github.output);
    for (const { name, repository, version } of [LOKI_CHART, ALLOY_CHART])
      assert.match(
        github.calls,
        new RegExp(`^helm pull ${name} --repo ${repository} --version ${version} --untar`, "m"),
      );
    assert.equal(github.calls.match(/^helm pull/gm)?.length, 4);
    const tools = /^(.*)\/bin\n$/.exec(github.file("PATH"))?.[1];
    assert.equal(github.file("ENV"), `LOGGING_CHARTS=${tools}/charts\n`);
    const azure = runStep(shell, {}, { helm });
    assert.match(
      azure.output,
      /^##vso\[task\.prependpath\]\/\S+\/bin\n##vso\[task\.setvariable variable=LOGGING_CHARTS\]\/\S+\/charts$/m,
    );
  });

  it("fails if a chart cannot be pulled", () => {
    assert.notEqual(runStep(shell, {}, { helm: "exit 1" }).status, 0);
  });
});

it("install-providers.sh installs each provider in the version of its SDK", { skip: NO_JQ }, () => {
  const { calls } = runStep(".github/scripts/install-providers.sh");
  const lines = ["kubernetes", "minio", "random"].map(
    (name) => `pulumi plugin install resource ${name} ${pinnedVersion(`@pulumi/${name}`)}\n`,
  );
  assert.equal(calls, lines.join(""));
});

it("list-stacks.sh prints all stacks, the canary and the rest", { skip: NO_JQ }, () => {
  const list = (canary = "") => runStep(`.github/scripts/list-stacks.sh ${canary}`).output;
  const all = 'stacks=["prod-aks-a","prod-aks-b"]\n';
  assert.equal(list(), `${all}canary=prod-aks-a\nrest=["prod-aks-b"]\n`);
  assert.equal(list("prod-aks-b"), `${all}canary=prod-aks-b\nrest=["prod-aks-a"]\n`);
  assert.equal(list("prod-aks-x"), "there is no stack prod-aks-x\n");
});

describe("without-skips.sh", () => {
  const run = (allowed: string, ...lines: string[]) =>
    runStep(
      `.github/scripts/without-skips.sh '${allowed}' npm test`,
      {},
      { npm: `cat <<'END'\n${lines.join("\n")}\nEND` },
    );

  it("accepts a run without skips, and shows its output", () => {
    const { status, output } = run("", "skipped tests are bad", "3 passed, 0 failed, 0 skipped");
    assert.equal(status, 0);
    assert.match(output, /^3 passed/m);
  });

  it("fails for a skipped test and for a stand-in", () => {
    for (const line of ["skipped 1: helm is not on PATH", "NO ALLOY: a pusher takes its place"]) {
      const { status, output } = run("", line, "3 passed, 0 failed, 1 skipped");
      assert.equal(status, 1);
      assert.match(output, /may not skip tests:\n.*(helm|ALLOY)/);
    }
  });

  it("accepts the allowed reasons only", () => {
    assert.equal(run("no cluster", "skipped 1: real node: no cluster is named").status, 0);
    assert.equal(run("no cluster", "skipped 1: no cluster is named", "skipped 2: no helm").status, 1);
  });

  it("fails as the command fails", () => {
    assert.equal(runStep(".github/scripts/without-skips.sh '' npm test", {}, { npm: "exit 3" }).status, 3);
  });
});

describe("release-notes.sh", () => {
  const notes = (version: string, changelog: string, tag = "v1.2.0") => {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", version }));
    writeFileSync(join(folder, "CHANGELOG.md"), changelog);
    return runStep(`cd ${folder} && ${process.cwd()}/.github/scripts/release-notes.sh ${tag}`);
  };

  it("prints the version's section of the changelog", () => {
    const { status, output } = notes("1.2.0", "# Changelog\n\n## 1.2.0\n\n- new\n\n### More\n\n## 1.1.0\n\n- old\n");
    assert.equal(status, 0);
    assert.equal(output.trim(), "- new\n\n### More");
  });

  it("fails if the tag is not the package's version", () => {
    assert.match(
      notes("1.3.0", "## 1.2.0\n\n- new\n").output,
      /^the tag is v1\.2\.0, but package\.json has the version 1\.3\.0/,
    );
  });

  it("fails if the section is missing or empty", () => {
    for (const changelog of ["## 1.2.0-rc.1\n\n- new\n", "## 1.2.0\n\n## 1.1.0\n\n- old\n"]) {
      const { status, output } = notes("1.2.0", changelog);
      assert.equal(status, 1);
      assert.match(output, /no text below "## 1\.2\.0"/);
    }
  });

  it("finds a section for the version of this project", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    assert.equal(runStep(`.github/scripts/release-notes.sh v${version}`).status, 0);
  });
});

describe("azure-pull-request.sh", { skip: NO_JQ }, () => {
  const REQUEST = "https://dev/p/_apis/git/repositories/r/pullRequests/12";
  const ask = (command: string, answer: object, more: NodeJS.ProcessEnv = {}) =>
    runStep(
      `.github/scripts/azure-pull-request.sh ${command}`,
      {
        SYSTEM_ACCESSTOKEN: "the-token",
        BUILD_REPOSITORY_PROVIDER: "TfsGit",
        SYSTEM_PULLREQUEST_PULLREQUESTID: "12",
        SYSTEM_COLLECTIONURI: "https://dev/",
        SYSTEM_TEAMPROJECTID: "p",
        BUILD_REPOSITORY_ID: "r",
        ANSWER: JSON.stringify(answer),
        ...more,
      },
      { curl: 'case "$*" in *--data*) cat >"$HOME/sent" ;; *) echo "$ANSWER" ;; esac' },
    );
  const MARKER = "<!-- logging change report: prod-aks-a -->";
  const thread = (content: string) => ({ id: 7, isDeleted: false, comments: [{ id: 1, content }] });
  const comment = (...contents: string[]) => {
    const report = join(folder, "report.md");
    writeFileSync(report, `${MARKER}\n### prod-aks-a: **safe**\n`);
    return ask(`comment prod-aks-a ${report}`, { value: contents.map(thread) });
  };

  it("writes the first comment", () => {
    const { status, calls, output, file } = comment("a person's", "<!-- logging change report: prod-aks-b -->\n");
    assert.equal(status, 0, output);
    assert.ok(calls.includes(`--request POST --data @- ${REQUEST}/threads?api-version=7.1`), calls);
    assert.match(JSON.parse(file("sent")).comments[0].content, /\*\*safe\*\*/);
    assert.doesNotMatch(calls, /the-token/, "every process can see arguments");
  });

  it("updates the comment that is there", () => {
    const { calls, file } = comment("a person's", `${MARKER}\nold`);
    assert.ok(calls.includes(`--request PATCH --data @- ${REQUEST}/threads/7/comments/1?api-version=7.1`), calls);
    assert.match(JSON.parse(file("sent")).content, /\*\*safe\*\*/);
  });

  it("tells later stages whether the pull request has a label", () => {
    const labelled = (name: string, active = true) => ask("label run-all-tiers", { value: [{ name, active }] }).output;
    assert.equal(labelled("run-all-tiers"), "##vso[task.setvariable variable=labelled;isOutput=true]true\n");
    assert.match(labelled("run-all-tiers", false), /\]false\n$/);
    assert.match(labelled("other"), /\]false\n$/);
  });

  it("does nothing outside of Azure Repos", () => {
    const { status, calls } = ask("label run-all-tiers", {}, { BUILD_REPOSITORY_PROVIDER: "GitHub" });
    assert.deepEqual([status, calls], [0, ""]);
  });
});

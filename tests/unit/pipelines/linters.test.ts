// Linters and pins: the pipelines' files, every shell file, and the versions of what pipelines install.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ALLOY_CHART } from "../../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../../components/loki/chart.ts";
import type { Loose } from "../../harness/manifest.ts";
import { onPath } from "../../harness/programs.ts";
import { pinnedVersion } from "../../harness/pulumi/findPrograms.ts";
import { AZURE, azure, WORKFLOWS } from "./pipelineFiles.ts";

/** For `skip`: why a linter cannot run here. CI installs all of them. */
const missing = (name: string, how: string): string | false => !onPath(name) && `${name} is not on PATH: ${how}`;

const lint = (program: string, args: readonly string[], input?: string) =>
  spawnSync(program, args, { encoding: "utf8", input });

const folder = mkdtempSync(join(tmpdir(), "logging-linters-"));
after(() => rmSync(folder, { recursive: true }));

/** The rows of .github/programs.txt. */
const programs = readFileSync(".github/programs.txt", "utf8")
  .split("\n")
  .filter((line) => /^\w/.test(line))
  .map((line) => line.split(" "));
const tagOf = (program: string): string | undefined => programs.find(([name]) => name === program)?.[1];

describe("actionlint", {
  skip: missing("actionlint", "https://github.com/rhysd/actionlint/blob/main/docs/install.md"),
}, () => {
  it("accepts the workflows", () => {
    const { status, stdout } = lint("actionlint", ["-no-color", ...WORKFLOWS]);
    assert.equal(status, 0, stdout);
  });

  it("finds a misspelled output", () => {
    const wrong = readFileSync(".github/workflows/deploy.yml", "utf8").replace("find.outputs", "fund.outputs");
    assert.match(lint("actionlint", ["-no-color", "-"], wrong).stdout, /"fund"|property "find"/);
  });
});

describe("check-jsonschema", { skip: missing("check-jsonschema", "pipx install check-jsonschema") }, () => {
  const check = (schema: string, content: Loose) => {
    const file = join(folder, `${schema}.json`);
    // Azure reads numbers, and some booleans, as text, and its schema expects text.
    const text = (key: string, value: unknown) =>
      typeof value === "number" || (typeof value === "boolean" && ["default", "always"].includes(key))
        ? String(value)
        : value;
    writeFileSync(file, JSON.stringify(content, text));
    return lint("check-jsonschema", ["--regex-variant", "nonunicode", "--builtin-schema", `vendor.${schema}`, file]);
  };

  it("accepts Azure's pipeline, and finds a misspelled key", () => {
    const { status, stdout } = check("azure-pipelines", azure());
    assert.equal(status, 0, stdout);
    const wrong = azure();
    wrong.stages[0].jobs[0].timeoutInMinuets = 1;
    assert.equal(check("azure-pipelines", wrong).status, 1);
  });

  it("accepts Renovate's config, and finds a misspelled key", () => {
    const config = JSON.parse(readFileSync("renovate.json", "utf8"));
    const { status, stdout } = check("renovate", config);
    assert.equal(status, 0, stdout);
    assert.equal(check("renovate", { ...config, packageRules: {} }).status, 1);
  });
});

describe("shellcheck", { skip: missing("shellcheck", "the system's package shellcheck") }, () => {
  const shellFiles = lint("git", ["ls-files"])
    .stdout.trim()
    .split("\n")
    .filter((file) => file.endsWith(".sh") || /^#!.*\b(ba)?sh\b/.test(readFileSync(file, "latin1").slice(0, 40)));

  it("accepts every shell file", () => {
    for (const file of [".ci/run", ".github/scripts/with-grace.sh"]) assert.ok(shellFiles.includes(file), file);
    const { status, stdout } = lint("shellcheck", shellFiles);
    assert.equal(status, 0, stdout);
  });

  it("finds a variable without quotes", () => {
    assert.match(lint("shellcheck", ["-"], "#!/bin/sh\nrm $1\n").stdout, /SC2086/);
  });
});

describe("pins", () => {
  it("workflows name every action by its commit, with the version as a comment, and use no secret", () => {
    for (const file of WORKFLOWS) {
      const text = readFileSync(file, "utf8");
      assert.doesNotMatch(text, /secrets\./, file);
      for (const [, action] of text.matchAll(/uses: (.*)/g))
        assert.match(action ?? "", /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    const variables = readFileSync(AZURE, "utf8").match(/\$\([\w.]+\)/g);
    assert.deepEqual([...new Set(variables)], ["$(System.AccessToken)"]);
  });

  it("programs have the versions of the charts and of the SDK", () => {
    assert.equal(tagOf("loki"), `v${LOKI_CHART.appVersion}`);
    assert.equal(tagOf("alloy"), ALLOY_CHART.appVersion);
    assert.equal(tagOf("pulumi"), `v${pinnedVersion("@pulumi/pulumi")}`);
  });

  it("every program has a checksum or a stated replacement for it", () => {
    for (const [name, , checksum] of programs)
      assert.match(checksum ?? "", /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|list:\S+|go\.sum|pypi)$/, name);
  });

  it("Renovate's patterns find both charts and every program with a version", () => {
    const found = (manager: Loose, text: string) =>
      manager.matchStrings.flatMap((pattern: string) =>
        [...text.matchAll(new RegExp(pattern, "g"))].map((m) => m.groups),
      );
    const [charts, installed] = JSON.parse(readFileSync("renovate.json", "utf8")).customManagers;
    for (const { name, repository, version } of [LOKI_CHART, ALLOY_CHART]) {
      const file = `components/${name}/chart.ts`;
      assert.match(file, new RegExp(charts.managerFilePatterns[0].slice(1, -1)));
      const expected = { depName: name, registryUrl: repository, currentValue: version };
      assert.deepEqual(
        found(charts, readFileSync(file, "utf8")).map((m: Loose) => ({ ...m })),
        [expected],
      );
    }
    const matches: Loose[] = found(installed, readFileSync(".github/programs.txt", "utf8"));
    const tags = programs.map(([, tag]) => tag).filter((tag) => tag !== "-");
    assert.deepEqual(matches.map((m) => m.currentValue).sort(), tags.sort());
    assert.ok(matches.some((m) => m.currentDigest));
  });
});

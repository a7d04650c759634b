// How charts are fetched. The charts tier tests what they render.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { helmShowChart, helmTemplate, type ReleaseInputs } from "../../../../automation/plan/helmTemplate.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-helm-"));
after(() => rmSync(folder, { recursive: true }));

const RELEASE: ReleaseInputs = {
  name: "loki",
  namespace: "logging",
  chart: "loki",
  version: "1.2.3",
  timeout: 1,
  repositoryOpts: { repo: "https://charts.example.com" },
  values: {},
};
const LOGIN = { username: "reader", password: "PLANTED" };

/** Runs with a helm that records its arguments and the repositories that it is given. */
async function withHelm(body: string, run: () => Promise<unknown>): Promise<{ calls: string; repositories: string }> {
  const [calls, repositories] = [join(folder, "calls"), join(folder, "repositories")];
  const copy = `while [ $# -gt 0 ]; do [ "$1" = --repository-config ] && cp "$2" ${repositories}; shift; done`;
  const script = `#!/bin/sh\necho "$*" >>${calls}\n${copy}\n${body}\n`;
  writeFileSync(join(folder, "helm"), script, { mode: 0o755 });
  writeFileSync(calls, "");
  writeFileSync(repositories, "");
  const { PATH, LOGGING_CHARTS } = process.env;
  try {
    process.env.PATH = `${folder}:${PATH}`;
    delete process.env.LOGGING_CHARTS;
    await run();
  } finally {
    process.env.PATH = PATH;
    if (LOGGING_CHARTS !== undefined) process.env.LOGGING_CHARTS = LOGGING_CHARTS;
  }
  return { calls: readFileSync(calls, "utf8"), repositories: readFileSync(repositories, "utf8") };
}

describe("a chart", { skip: process.platform === "win32" && "the stand-in for helm is a shell script" }, () => {
  it("comes from its repository, in its version", async () => {
    const { calls } = await withHelm("echo 'kind: ConfigMap'", async () => {
      assert.deepEqual(await helmTemplate(RELEASE), [{ kind: "ConfigMap" }]);
    });
    assert.match(
      calls,
      /^template loki loki --version 1\.2\.3 --repo https:\/\/charts\.example\.com --namespace logging /,
    );
  });

  it("of a repository with a password is fetched with it, in a file and not in an argument", async () => {
    for (const run of [() => helmTemplate(RELEASE, LOGIN), () => helmShowChart(RELEASE, LOGIN)]) {
      const { calls, repositories } = await withHelm("", run);
      const [update, chart] = calls.trim().split("\n");
      assert.match(update ?? "", /^repo update --repository-config /);
      assert.match(chart ?? "", /charts\/loki --version 1\.2\.3 --repository-config /);
      assert.match(repositories, /url: https:\/\/charts\.example\.com\n\s+username: reader\n\s+password: PLANTED/);
      assert.doesNotMatch(calls, /PLANTED/);
    }
  });

  it("that cannot be fetched is reported with helm's own message", async () => {
    await withHelm("echo 'Error: 401 Unauthorized' >&2; exit 1", async () => {
      await assert.rejects(helmTemplate(RELEASE), /^Error: helm template loki: Error: 401 Unauthorized$/);
      await assert.rejects(helmTemplate(RELEASE, LOGIN), /^Error: helm repo update: Error: 401 Unauthorized$/);
    });
  });

  it("that this machine cannot reach is reported with how to render without its repository", async () => {
    const message =
      'Error: Get "https://charts.example.com/index.yaml": dial tcp: lookup charts.example.com: no such host';
    await withHelm(`echo '${message}' >&2; exit 1`, () =>
      assert.rejects(
        helmTemplate(RELEASE),
        /no such host\nfix: .*pull-charts\.sh FOLDER, and set LOGGING_CHARTS=FOLDER$/,
      ),
    );
  });
});

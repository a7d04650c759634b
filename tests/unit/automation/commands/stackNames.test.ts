// Every command takes a stack by its full name, as `pulumi stack ls --all` prints it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { main as deploy } from "../../../../automation/commands/deploy.ts";
import { main as diff } from "../../../../automation/commands/diff.ts";
import { main as doctor } from "../../../../automation/commands/doctor.ts";
import { main as plan } from "../../../../automation/commands/plan.ts";
import { main as preview } from "../../../../automation/commands/preview.ts";
import { main as render } from "../../../../automation/commands/render.ts";
import { main as verify } from "../../../../automation/commands/verify.ts";
import { readStackFile, shortName } from "../../../../automation/plan/stackFiles.ts";
import { BARE, fakePulumi } from "../../../harness/fakePulumi.ts";
import { runInProcess } from "../../../harness/inProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-names-"));
after(() => rmSync(folder, { recursive: true }));

/** Answers `pulumi whoami`, and knows no stack. */
const LOGGED_IN = `[ "$1" = whoami ] && echo '{"user":"me","url":"file:///state"}' && exit\nexit 1`;

const FULL = "organization/logging/prod-aks-a";

describe("a stack's name", () => {
  for (const name of ["prod-aks-a", "acme/prod-aks-a", FULL, "acme/logging/prod-aks-a"])
    it(`${name} is the stack prod-aks-a`, () => assert.equal(readStackFile(name).stack, "prod-aks-a"));

  for (const name of [
    "organization/other/prod-aks-a",
    "a/b/logging/prod-aks-a",
    "logging//prod-aks-a",
    "/prod-aks-a",
    "acme/",
  ])
    it(`${name} is refused, and the error names what to write`, () =>
      assert.throws(() => shortName(name), /no stack of this project, logging.*write one of prod-aks-a, prod-aks-b/));
});

describe("a full name is taken by", () => {
  it("start and render", async () => {
    const { code, stdout } = await runInProcess(plan, [FULL]);
    assert.deepEqual([code, stdout.split(":")[0]], [0, "prod-aks-a"]);
    const rendered = await runInProcess(render, [FULL, "--out", join(folder, "out")], { env: BARE });
    assert.equal(rendered.code, 0, rendered.stderr);
  });

  it("diff, which compares the same file", async () => {
    const { stderr } = await runInProcess(diff, ["organization/logging/prod-aks-z", "--base", "HEAD"]);
    assert.match(stderr, /^Pulumi\.prod-aks-z\.yaml: neither here nor in HEAD/);
  });

  for (const [name, main, args] of [
    ["preview", preview, [FULL]],
    ["doctor", doctor, [FULL]],
    ["deploy", deploy, ["up", "--stack", FULL, "--stack", FULL]],
  ] as const)
    it(`${name}, which gives it to the engine`, async () => {
      const { env, calls } = fakePulumi(folder, LOGGED_IN);
      await runInProcess(main, args, { env });
      assert.match(calls(), /^stack select --stack organization\/logging\/prod-aks-a\b/m);
    });

  it("verify", async () => {
    const { stderr } = await runInProcess(verify, [FULL], { env: BARE });
    assert.doesNotMatch(stderr, /no such file/);
  });

  it("deploy, which counts a stack once under both of its names", async () => {
    const { env, calls } = fakePulumi(folder, "exit 1");
    await runInProcess(deploy, ["up", "--stack", "prod-aks-a", "--stack", FULL], { env });
    assert.equal(calls().match(/stack select/g)?.length, 1);
  });
});

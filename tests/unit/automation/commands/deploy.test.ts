import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { main } from "../../../../automation/commands/deploy.ts";
import { main as doctor } from "../../../../automation/commands/doctor.ts";
import { main as preview } from "../../../../automation/commands/preview.ts";
import { type OperationEvent, up } from "../../../../automation/deploy/operations.ts";
import { BARE, fakePulumi } from "../../../harness/fakePulumi.ts";
import { runInProcess, within } from "../../../harness/inProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-deploy-"));
after(() => rmSync(folder, { recursive: true }));

describe("npm run deploy", () => {
  it("checks its arguments before it does anything", async () => {
    const refused = async (...args: string[]) => {
      const { code, stdout, stderr } = await runInProcess(main, args, { env: BARE });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      return stderr;
    };
    const refusedUp = (...args: string[]) => refused("up", "--stack", "prod-aks-a", ...args);
    assert.match(await refusedUp("--stack", "prod-aks-x"), /^Pulumi\.prod-aks-x\.yaml: no such file/);
    assert.match(await refusedUp("--keep-bucket"), /^--keep-bucket is for destroy alone\nusage: /);
    assert.match(await refused("destroy", "--all", "--accept-destructive"), /is for up alone\nusage: /);
  });

  it("names what is missing, in one line, as preview does", async () => {
    for (const [command, ...args] of [
      [preview, "prod-aks-a"],
      [main, "up", "--stack", "prod-aks-a"],
    ] as const) {
      const { code, stderr } = await runInProcess(command, args, { env: BARE });
      assert.equal(code, 1);
      assert.equal(stderr, "the Pulumi CLI: is not on PATH. fix: install it: curl -fsSL https://get.pulumi.com | sh\n");
    }
  });
});

describe("when the Pulumi CLI fails, or is killed, while it prints secrets,", () => {
  const prints = `echo '{"a": {"value": "PLANTED", "secret": true}'`;
  for (const [how, end] of [
    ["fails", "echo 'error: no vault' >&2; exit 1"],
    ["is killed", "kill -9 $$"],
    ["prints half of it", "exit 0"],
    ["prints something else after it", "echo '}PLANTED'; exit 0"],
  ] as const)
    it(`no command shows them (it ${how})`, async () => {
      const calls = `case "$*" in *--show-secrets*) ${prints}; ${end} ;; *) echo '{}' ;; esac`;
      const { env } = fakePulumi(folder, calls);
      for (const [command, ...args] of [
        [preview, "prod-aks-a"],
        [main, "refresh", "--stack", "prod-aks-a"],
        [main, "destroy", "--stack", "prod-aks-a", "--json"],
        [main, "up", "--stack", "prod-aks-a", "--json"],
        [doctor, "prod-aks-a"],
      ] as const) {
        const { code, stdout, stderr } = await runInProcess(command, args, { env });
        const output = `${stdout}${stderr}`;
        assert.notEqual(code, 0, args.join(" "));
        assert.doesNotMatch(output, /PLANTED|\n +at /, args.join(" "));
        if (how === "fails") assert.match(output, /no vault/, args.join(" "));
      }
    });
});

it("a preview whose events did not arrive is an error, and does not show that nothing changes", async () => {
  const { env } = fakePulumi(folder, `case "$1" in config) echo '{}' ;; esac`);
  const { code, stdout, stderr } = await runInProcess(preview, ["prod-aks-a"], { env });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /without a summary, so it is not known what changes/);
});

describe("an operation that is interrupted before the engine runs", () => {
  for (const how of ["signal", "told"])
    it(`is cancelled, and starts nothing (${how})`, async () => {
      const { env, calls } = fakePulumi(folder, "exit 0");
      const events: OperationEvent[] = [];
      const onEvent = (event: OperationEvent) => events.push(event);
      const { outcome, findings } = await within({ env }, () =>
        up("prod-aks-a", { [how]: AbortSignal.abort(), onEvent }),
      );
      assert.deepEqual([outcome, findings, events], ["cancelled", [], []]);
      assert.doesNotMatch(calls(), /^(preview|up)/m);
    });
});

// What the real Pulumi engine reads for each odd scalar. The table that it leaves in tests/fixtures is what the unit tests compare with.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { linesWith, ODD_SCALARS, type RecordedScalar, recordedScalars } from "../harness/engineScalars.ts";
import { assertFixture } from "../harness/fixture.ts";
import { programMissing } from "../harness/programs.ts";
import { folder, run } from "./runProgram.ts";

describe("the Pulumi engine", { skip: programMissing("pulumi") }, () => {
  const project = join(folder, "project");
  const environment = {
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--cwd", project, "--non-interactive"], environment);

  before(() => {
    mkdirSync(project);
    mkdirSync(join(folder, "state"));
    writeFileSync(join(project, "Pulumi.yaml"), "name: logging\nruntime: nodejs\n");
    const { status, output } = pulumi("stack", "init", "odd");
    if (status !== 0) throw new Error(output);
  });

  /** The config that the engine reads from lines, by key. `undefined` if it refuses them. */
  function configOf(lines: string): Record<string, { value: string; objectValue?: { key: unknown } }> | undefined {
    writeFileSync(join(project, "Pulumi.odd.yaml"), `config:\n${lines}`);
    const { status, stdout } = pulumi("config", "--json", "--stack", "odd");
    return status === 0 ? JSON.parse(stdout) : undefined;
  }

  /** What the engine reads for scalars of one file. */
  function rowsOf(scalars: readonly string[]): RecordedScalar[] {
    const config = configOf(scalars.map((scalar, i) => linesWith(scalar, i)).join(""));
    return scalars.map((scalar, i) => {
      const [top, map] = [config?.[`logging:top${i}`], config?.[`logging:map${i}`]];
      return top && map ? [scalar, top.value, map.objectValue?.key] : [scalar];
    });
  }

  it("reads odd scalars as they are in the table", { timeout: 300_000 }, () => {
    // A file with one refused scalar is refused. The table tells which can share a file.
    const refused = new Set(recordedScalars().flatMap(([scalar, ...read]) => (read.length === 0 ? [scalar] : [])));
    const together = process.env.UPDATE_FIXTURES ? [] : ODD_SCALARS.filter((scalar) => !refused.has(scalar));
    const shared = new Map(rowsOf(together).map((row) => [row[0], row]));
    const rows = ODD_SCALARS.map((scalar) => shared.get(scalar) ?? rowsOf([scalar])[0]);
    const lines = rows.map((row) => JSON.stringify(row));
    assertFixture("engineScalars.json", `[\n${lines.join(",\n")}\n]\n`);
  });
});

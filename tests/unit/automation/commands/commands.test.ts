// The commands as people run them, in processes of their own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { readStackFile, stackNames } from "../../../../automation/plan/stackFiles.ts";
import { execute } from "../../../harness/command.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** Without Helm: rendering charts has tests of its own. */
const OFFLINE = { env: { PATH: "/nonexistent" } };

describe("npm start", () => {
  it("shows both stacks, without colour codes when it is piped", async () => {
    const { code, stdout, stderr } = await execute("automation/commands/plan.ts", [], OFFLINE);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour code begins with.
    assert.doesNotMatch(stdout, /\u001b/);
    for (const stack of stackNames()) assert.match(stdout, new RegExp(`^${stack}: \\d+ resources`, "m"));
    for (const words of [
      /logging-bucket .*\(.*protected.*\)/,
      /retention: 336h/,
      /workload +pods +CPU each/,
      /bucket: loki-prod-aks-b/,
    ])
      assert.match(stdout, words);
    assert.doesNotMatch(stdout, /offlinePassword|offlinePlaceholder/);
  });
});

describe("npm start with stacks that are refused", () => {
  it("shows the others, and then all that is wrong with all of them", async () => {
    const project = join(folder, "project");
    cpSync(".", project, { recursive: true, filter: (path) => !/^(node_modules|\.git|tests)(\/|$)/.test(path) });
    symlinkSync(resolve("node_modules"), join(project, "node_modules"));
    const good = readFileSync("Pulumi.prod-aks-a.yaml", "utf8");
    const bad = good.replaceAll("prod-aks-a", "bad-one").replace("retentionHours: 336", "retentionHours: 25");
    writeFileSync(join(project, "Pulumi.bad-one.yaml"), bad);
    writeFileSync(join(project, "Pulumi.bad-two.yaml"), "config: [\n");
    const { code, stdout, stderr } = await execute("automation/commands/plan.ts", [], { ...OFFLINE, cwd: project });
    assert.equal(code, 1);
    for (const stack of stackNames()) assert.match(stdout, new RegExp(`^${stack}: \\d+ resources`, "m"));
    assert.match(stderr, /^Arguments of bad-one: 1 problem/);
    assert.match(stderr, /loki\.retentionHours/);
    assert.match(stderr, /^Pulumi\.bad-two\.yaml: no YAML: /m);
    assert.doesNotMatch(stderr, /\n +at /);
  });
});

it("what commands and the program import is a dependency, pinned; only docs and tests may use the others", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  const files = globSync(["*.ts", "{automation,components,policies,stack}/**/*.ts"]);
  const imported = files
    .filter((path) => path !== "automation/commands/docs.ts")
    .flatMap((path) => [
      ...readFileSync(path, "utf8").matchAll(/^(?:import|\} from)\b.*"((?:@[^/"]+\/)?[^./"][^/":]*)[^":]*";$/gm),
    ])
    .map(([, name]) => name);
  assert.deepEqual(new Set(imported), new Set(Object.keys(dependencies)));
  for (const [name, version] of Object.entries(dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});

describe("how a command is used", () => {
  it("is what --help says, and what a mistyped option ends with", async () => {
    const help = await execute("automation/commands/diff.ts", ["--help"], OFFLINE);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /^usage: npm run diff -- <stack> --base REF .*\nstacks: prod-aks-a, prod-aks-b\n$/);
    const mistyped = await execute("automation/commands/diff.ts", ["--bse", "x"], OFFLINE);
    assert.equal(mistyped.stderr, `Unknown option '--bse'\n${help.stdout}`);
  });

  it("is checked before anything is done", async () => {
    const refused = async (command: string, ...args: string[]) => {
      const { code, stdout, stderr } = await execute(`automation/commands/${command}.ts`, args, OFFLINE);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      return stderr;
    };
    const diff = (...args: string[]) => refused("diff", "prod-aks-a", "--base", "HEAD", ...args);
    assert.match(await diff("--fail-on", "bad"), /^--fail-on bad: allowed are/);
    assert.match(await diff("--json", "/nowhere/a.json"), /^--json .*: there is no folder/);
    const up = (...args: string[]) => refused("deploy", "up", "--stack", "prod-aks-a", ...args);
    assert.match(await up("--stack", "prod-aks-x"), /^Pulumi\.prod-aks-x\.yaml: no such file/);
    assert.match(await up("--keep-bucket"), /^--keep-bucket is for destroy alone\nusage: /);
    assert.match(await refused("deploy", "destroy", "--all", "--accept-destructive"), /is for up alone\nusage: /);
  });
});

describe("what a person can mend is said without a stack trace", () => {
  const TRACE = /\n +at |Error:/;

  it("a mistyped option, by every command", async () => {
    for (const command of ["plan", "render", "diff", "deploy", "doctor", "preview", "verify", "docs"]) {
      const { code, stderr } = await execute(`automation/commands/${command}.ts`, ["--sta", "x"], OFFLINE);
      assert.equal(code, 1, command);
      assert.match(stderr, /^Unknown option '--sta'/, command);
      assert.doesNotMatch(stderr, TRACE, command);
    }
  });

  it("a stack file that is no YAML: where, and nothing of what stands there", async () => {
    for (const text of ["config:\n  logging:a: [PLANTED\n", "config:\n  a: PLANTED\n a: {\n", "a: 1\na: PLANTED\n"]) {
      const bad = file("malformed.yaml", text);
      const out = join(folder, "malformed");
      const { code, stderr } = await execute(
        "automation/commands/render.ts",
        ["prod-aks-a", "--config-file", bad, "--out", out],
        OFFLINE,
      );
      assert.equal(code, 1);
      assert.match(stderr, /malformed\.yaml: no YAML: .* at line \d+, column \d+\n$/);
      assert.doesNotMatch(stderr, TRACE);
      assert.doesNotMatch(stderr, /PLANTED/);
    }
  });
});

describe("npm run render", () => {
  it("writes what a stack would send", async () => {
    const out = join(folder, "out");
    const { code, stdout, stderr } = await execute(
      "automation/commands/render.ts",
      ["prod-aks-a", "--out", out],
      OFFLINE,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /no manifests: helm is not on PATH/);
    for (const name of ["resources.json", "loki.values.yaml", "alloy.values.yaml", "config.alloy", "minio-policy.json"])
      assert.ok(existsSync(join(out, name)), name);
    const resources = JSON.parse(readFileSync(join(out, "resources.json"), "utf8"));
    for (const r of resources) {
      assert.equal(typeof r.type, "string");
      assert.equal(typeof r.name, "string");
      assert.equal(typeof r.protect, "boolean");
      assert.ok(Array.isArray(r.dependsOn));
      assert.equal(typeof r.inputs, "object");
    }
  });

  it("of a bad config exits with 1, says every problem on stderr and writes nothing", async () => {
    const text = readFileSync("Pulumi.prod-aks-a.yaml", "utf8");
    const bad = file(
      "bad.yaml",
      text.replace("retentionHours: 336", "retentionHours: 25").replace("Standard_D4s_v5", "Standard_D4s_v55"),
    );
    const out = join(folder, "bad-out");
    const { code, stdout, stderr } = await execute(
      "automation/commands/render.ts",
      ["prod-aks-a", "--config-file", bad, "--out", out],
      OFFLINE,
    );
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /2 problems, nothing has been created/);
    assert.match(stderr, /loki\.retentionHours\n +given: +25\n +allowed: .*\n +fix: +write 24/);
    assert.match(stderr, /nodePool\.vmSize\n +given: +"Standard_D4s_v55"/);
    assert.doesNotMatch(stderr, /\n {4}at /, "no stack trace");
    assert.ok(!existsSync(out));
  });

  it("of no stack says how it is used, of an unknown one which there are", async () => {
    const [none, unknown] = await Promise.all([
      execute("automation/commands/render.ts", [], OFFLINE),
      execute("automation/commands/render.ts", ["prod-aks-z", "--out", join(folder, "z")], OFFLINE),
    ]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /usage: npm run render -- <stack>/);
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.stderr,
      /Pulumi\.prod-aks-z\.yaml: no such file. Stacks of this project: prod-aks-a, prod-aks-b/,
    );
    assert.ok(!readdirSync(folder).includes("z"));
  });
});

describe("a Node that cannot load TypeScript", () => {
  const versionOf = (node: string): number[] | undefined =>
    /^v(\d+)\.(\d+)/
      .exec(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? "")
      ?.slice(1)
      .map(Number);
  const old = ["/usr/local/bin/node", "/usr/bin/node", ...(process.env.OLD_NODE ? [process.env.OLD_NODE] : [])].find(
    (node) => {
      const version = existsSync(node) ? versionOf(node) : undefined;
      return version && ((version[0] ?? 0) < 22 || (version[0] === 22 && (version[1] ?? 0) < 18));
    },
  );

  it("says which Node is needed", {
    skip: !old && "no Node below 22.18 in /usr/local/bin or /usr/bin: name one in OLD_NODE",
  }, () => {
    const { status, stderr } = spawnSync(old as string, ["--require", "./requireNode.cjs", "index.ts"], {
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, /it needs Node >=22\.18, and this is \d+\.\d+/);
    assert.match(stderr, /fix: .*\.node-version/);
    assert.doesNotMatch(stderr, /\n +at /);
  });

  it("is not this one", () => {
    const { status, stderr } = spawnSync(process.execPath, ["--require", "./requireNode.cjs", "-e", "0"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
  });

  it("is told apart by every part of the version", () => {
    const check = (version: string) =>
      spawnSync(
        process.execPath,
        [
          "-e",
          `Object.defineProperty(process.versions, "node", { value: "${version}" }); require("./requireNode.cjs")`,
        ],
        { encoding: "utf8" },
      ).status;
    assert.deepEqual(
      ["18.20.0", "20.20.2", "22.17.9", "22.18.0", "22.9.0", "24.0.0"].map((v) => [v, check(v)]),
      [
        ["18.20.0", 1],
        ["20.20.2", 1],
        ["22.17.9", 1],
        ["22.18.0", 0],
        ["22.9.0", 1],
        ["24.0.0", 0],
      ],
    );
  });
});

describe("a stack file", () => {
  it("is read as the engine hands it over: objects as JSON, scalars as text, keys with their namespace", () => {
    const path = file(
      "a.yaml",
      "config:\n  logging:cluster: {name: a, n: 1}\n  namespace: logs\n  logging:flag: true\n  minio:x: y\n",
    );
    assert.deepEqual(readStackFile("a", path), {
      stack: "a",
      config: {
        "logging:cluster": '{"name":"a","n":1}',
        "logging:namespace": "logs",
        "logging:flag": "true",
        "minio:x": "y",
      },
      secretKeys: [],
    });
  });

  it("keeps its secrets: what stands for them is letters and digits", () => {
    const path = file(
      "b.yaml",
      "encryptionsalt: v1:x\nconfig:\n  logging:minioAdminPassword: {secure: v1:cipher}\n  logging:o: {a: [{secure: v1:cipher}], b: 2}\n",
    );
    const { config, secretKeys } = readStackFile("b", path);
    assert.deepEqual(secretKeys, ["logging:minioAdminPassword", "logging:o"]);
    assert.match(config["logging:minioAdminPassword"] ?? "", /^[A-Za-z0-9]+$/);
    assert.ok(!JSON.stringify(config).includes("cipher"));
    assert.equal(JSON.parse(config["logging:o"] ?? "").b, 2);
  });

  it("may be empty", () => {
    assert.deepEqual(readStackFile("c", file("c.yaml", "")), { stack: "c", config: {}, secretKeys: [] });
  });
});

// Every argument is described once, on its schema, and editors, docs/arguments.md and the JSON Schema show that description.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { before, describe, it } from "node:test";
import { Ajv, type ValidateFunction } from "ajv";
import ts from "typescript";
import { parse } from "yaml";
import { type ArgumentKey, argumentKeys } from "../../../../automation/reference/argumentKeys.ts";
import { argumentsPage, isSecretInput, stackKeyOf } from "../../../../automation/reference/argumentsPage.ts";
import { stackFileSchema } from "../../../../automation/reference/stackFileSchema.ts";
import { SECRET_KEYS, secretKeyRules } from "../../../../stack/secretKeys.ts";

let keys: ArgumentKey[] = [];
before(() => {
  keys = argumentKeys();
});

describe("every argument", () => {
  it("has a purpose", () => {
    const silent = keys.filter(({ path, text }) => text === "" && !/\.(requests|limits)\.(cpu|memory)$/.test(path));
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
    );
  });

  it("has a @default if it is optional and not a group of keys with defaults", () => {
    const missing = keys.filter(
      ({ path, optional, schema, default: text }) =>
        optional && text === undefined && !schema.properties && !/limits\.cpu$/.test(path),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
  });

  it("has the schema's default in its @default", () => {
    const compared = keys.filter(
      ({ schema, default: text }) => schema.default !== undefined && text && !/^- /.test(text),
    );
    assert.ok(compared.length > 30, `${compared.length}`);
    for (const { path, schema, default: text } of compared) assert.deepEqual(parse(text ?? ""), schema.default, path);
  });

  it("that is a secret names its config key, and each secret key has a purpose", () => {
    const named = keys.filter(isSecretInput).map(stackKeyOf);
    for (const key of named) assert.ok(key && key in SECRET_KEYS, `${key}`);
    for (const [key, { text }] of secretKeyRules) assert.ok(text ?? named.includes(key), key);
  });

  it("that is a secret is set by a secret key, and no secret key sets anything else", () => {
    const secrets = keys.filter(isSecretInput).map(({ path }) => path);
    assert.deepEqual(secretKeyRules.flatMap(([, { paths = [] }]) => paths).toSorted(), secrets.toSorted());
  });
});

describe("an editor shows purpose and @default on hover", () => {
  const FILE = resolve("hover.ts");
  const TEXT = `import { LoggingStack } from "./components/loggingStack.ts";
new LoggingStack("logging", {
  cluster: { name: "a", environment: "prod" },
  nodePool: { mode: "create", vmSize: "Standard_D4s_v5", subnetId: "x", minCount: 3, maxCount: 5, maxPods: 60 },
  objectStorage: { endpoint: "https://minio:9000", pathStyle: true },
  loki: { retentionHours: 336, write: { replicas: 3 }, gateway: { credentialsGeneration: 1 } },
  alloy: { bufferMiB: 10240 },
});
`;
  const hover = (() => {
    let service: ts.LanguageService | undefined;
    return (name: string) => {
      service ??= languageService(FILE, TEXT);
      const info = service.getQuickInfoAtPosition(FILE, TEXT.indexOf(`${name}:`));
      const tag = info?.tags?.find((t) => t.name === "default");
      return { text: ts.displayPartsToString(info?.documentation), default: ts.displayPartsToString(tag?.text) };
    };
  })();

  for (const [name, purpose, value] of [
    ["maxPods", /^Most pods on one node/, "60"],
    ["pathStyle", /^Puts the bucket in the path/, "true"],
    ["retentionHours", /^How long lines are kept/, "336"],
    ["replicas", /^Number of pods/, "- write 3, read 3, backend 2"],
    ["credentialsGeneration", /^Raise it by one to rotate the gateway's password/, "1"],
    ["bufferMiB", /^How much of a node's disk/, "10240"],
    ["endpoint", /^Address of the S3 API/, ""],
  ] as const) {
    it(name, () => {
      const shown = hover(name);
      assert.match(shown.text, purpose);
      assert.equal(shown.default, value);
    });
  }
});

describe("the JSON Schema of stack files", () => {
  let validate: ValidateFunction;
  before(() => {
    validate = new Ajv({ strict: false }).compile(stackFileSchema(keys));
  });
  const stackFile = (stack: string) => parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8"));

  for (const stack of ["prod-aks-a", "prod-aks-b"]) {
    it(`accepts ${stack}`, () => assert.ok(validate(stackFile(stack)), JSON.stringify(validate.errors)));

    it(`is named at the top of ${stack}`, () => {
      assert.match(
        readFileSync(`Pulumi.${stack}.yaml`, "utf8"),
        /^# yaml-language-server: \$schema=\.\/stack\/stackFile\.schema\.json\n/,
      );
    });
  }

  for (const [what, change] of Object.entries<(config: Record<string, Record<string, unknown>>) => void>({
    "an unknown group": (config) => Object.assign(config, { "logging:lokki": {} }),
    "an unknown key": (config) => Object.assign(config["logging:loki"] ?? {}, { retentionDays: 14 }),
    "a number out of range": (config) => Object.assign(config["logging:nodePool"] ?? {}, { maxPods: 300 }),
    "a key of another mode": (config) =>
      Object.assign(config["logging:nodePool"] ?? {}, { label: { key: "a", value: "b" } }),
    "a missing group": (config) => delete config["logging:cluster"],
    "a password that is not encrypted": (config) => Object.assign(config, { "logging:minioAdminPassword": "x" }),
    "a secret of the component inside its group": (config) =>
      Object.assign(config["logging:objectStorage"] ?? {}, { secretKey: "x" }),
  })) {
    it(`refuses ${what}`, () => {
      const file = stackFile("prod-aks-a");
      change(file.config);
      assert.equal(validate(file), false);
    });
  }

  it("accepts what `pulumi stack init` and `pulumi config set --secret` write", () => {
    const file = stackFile("prod-aks-a");
    Object.assign(file, { secretsprovider: "azurekeyvault://v.vault.azure.net/keys/pulumi", encryptedkey: "abc" });
    file.config["logging:minioAdminPassword"] = { secure: "v1:abc" };
    assert.ok(validate(file), JSON.stringify(validate.errors));
  });
});

it("docs/arguments.md and the JSON Schema are up to date: npm run docs writes them", () => {
  assert.equal(readFileSync("docs/arguments.md", "utf8"), argumentsPage(keys));
  assert.deepEqual(JSON.parse(readFileSync("stack/stackFile.schema.json", "utf8")), stackFileSchema(keys));
});

it("Pulumi.yaml declares every key, with its type, and no other", () => {
  const { config } = parse(readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, { type?: string }> };
  const declared = Object.fromEntries(
    Object.entries(config).flatMap(([key, { type }]) => (key.startsWith("pulumi:") ? [] : [[key, type]])),
  );
  const groups = keys.filter(({ path }) => /^\w+$/.test(path));
  const expected = {
    ...Object.fromEntries(
      groups.map(({ path, schema }) => [
        path,
        ["string", "array"].includes(String(schema.type)) ? schema.type : "object",
      ]),
    ),
    access: "object",
    ...Object.fromEntries(Object.keys(SECRET_KEYS).map((key) => [key, "string"])),
  };
  assert.deepEqual(declared, expected);
});

function languageService(file: string, text: string): ts.LanguageService {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

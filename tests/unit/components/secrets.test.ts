// No secret leaves its Secret. The tests plant a marker in every secret input, and search every output for it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { stringify } from "yaml";
import type { OfflinePlan } from "../../../automation/plan/offlinePlan.ts";
import { execute } from "../../harness/command.ts";
import { refusal, resource, stackFile } from "../../harness/plannedStack.ts";
import { planAndRegistrations, type Registration } from "../../harness/registrations.ts";

const MARKERS = {
  minioAdminPassword: "PlantedMinioAdminPassword",
  imageRegistryCredentials: '{"auths":{"r":{"auth":"PlantedImageRegistryCredentials"}}}',
  chartRepositoryPassword: "PlantedChartRepositoryPassword",
};
/** The generated passwords in a plan of planOffline. */
const GENERATED = ["bucketsecretkey", "gatewaypassword2", "gatewaypassword1"].map((n) => `offlinePasswordlogging${n}`);
const ALL = [...Object.values(MARKERS), "PlantedImageRegistryCredentials", ...GENERATED];

/** A secret and its encodings and hashes. The hash of a short secret leaks it too. */
const forms = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  Buffer.from(secret).toString("base64url"),
  Buffer.from(secret).toString("hex"),
  encodeURIComponent(secret),
  ...["md5", "sha1", "sha256"].flatMap((hash) =>
    (["hex", "base64"] as const).map((encoding) => createHash(hash).update(secret).digest(encoding)),
  ),
];

/** The secrets in a text, in any of their forms. */
const found = (text: string): string[] => ALL.filter((secret) => forms(secret).some((form) => text.includes(form)));

const WITH_SECRETS = stackFile(
  (c) => {
    Object.assign(c, MARKERS, { minioAdminUser: "admin", chartRepositoryUsername: "charts" });
    c.loki.gateway = { credentialsGeneration: 2 };
  },
  { secretKeys: Object.keys(MARKERS) },
);

/** Pulumi's marker of a secret in a message to the engine. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** What the engine would write unencrypted: everything that is not marked as a secret. */
function unencrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unencrypted);
  if (typeof value !== "object" || value === null) return value;
  const map = value as Record<string, unknown>;
  if (map[SIGNATURE] === SECRET_SIGNATURE) return "(secret)";
  return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, unencrypted(v)]));
}

let plan: OfflinePlan;
let sent: Registration[];

before(async () => {
  ({ sent, plan } = await planAndRegistrations(WITH_SECRETS));
});

describe("planted secrets", () => {
  it("arrive at the engine, each marked as a secret", () => {
    const wire = JSON.stringify(sent.map((r) => r.getObject()?.toJavaScript() ?? {}));
    // The registry's secret is JSON, so it is escaped once more here.
    const inside = JSON.stringify(wire);
    for (const secret of [
      MARKERS.minioAdminPassword,
      "PlantedImageRegistryCredentials",
      MARKERS.chartRepositoryPassword,
      GENERATED[0] as string,
      GENERATED[1] as string,
    ])
      assert.ok(inside.includes(secret), secret);
  });

  it("are never sent to the engine without the marker", () => {
    for (const r of sent)
      assert.deepEqual(found(JSON.stringify(unencrypted(r.getObject()?.toJavaScript() ?? {}))), [], r.getName());
  });

  it("are not in the plan: inputs, outputs, warnings", () => {
    assert.deepEqual(found(JSON.stringify(plan)), []);
  });

  it("leave the chart values readable: a secret inside would hide all of them", () => {
    for (const name of ["logging-loki", "logging-alloy"]) {
      const { values } = resource(plan, name).inputs;
      assert.equal(typeof values, "object", name);
      assert.ok(!JSON.stringify(values).includes("[secret]"), name);
    }
  });

  it("are only in Secrets, providers, MinIO's user and chart logins", () => {
    const holders = plan.resources.filter((r) => JSON.stringify(r.inputs).includes("[secret]")).map((r) => r.name);
    assert.deepEqual(holders.sort(), [
      "kubernetes",
      "logging-alloy",
      "logging-alloy-login",
      "logging-bucket-user",
      "logging-gateway-htpasswd",
      "logging-gateway-login",
      "logging-image-pull",
      "logging-loki",
      "logging-minio-credentials",
      "minio",
    ]);
    for (const name of ["logging-loki", "logging-alloy"]) {
      const { repositoryOpts, ...rest } = resource(plan, name).inputs as Record<string, Record<string, unknown>>;
      assert.ok(!JSON.stringify(rest).includes("[secret]"), name);
      assert.equal(repositoryOpts?.password, "[secret]");
    }
  });

  it("are encrypted in the state even if a provider would not mark them", () => {
    const outputs = Object.fromEntries(sent.map((r) => [r.getName(), r.getAdditionalsecretoutputsList()]));
    for (const name of [
      "bucket-secret-key",
      "gateway-password-1",
      "gateway-password-2",
      "alloy-password-1",
      "alloy-password-2",
    ])
      assert.ok(outputs[`logging-${name}`]?.includes("result"), name);
    assert.ok(outputs["logging-bucket-user"]?.includes("secret"));
  });

  it("have the keys in their Secrets that the pods read", () => {
    const keys = Object.fromEntries(
      sent
        .filter((r) => r.getType() === "kubernetes:core/v1:Secret")
        .map((r) => [r.getName(), Object.keys(Object(r.getObject()?.toJavaScript().stringData).value)]),
    );
    assert.deepEqual(keys, {
      "logging-minio-credentials": ["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
      "logging-gateway-htpasswd": [".htpasswd"],
      "logging-gateway-login": ["LOKI_PASSWORD", "LOKI_USERNAME"],
      "logging-alloy-login": ["LOKI_PASSWORD", "LOKI_USERNAME"],
      "logging-image-pull": [".dockerconfigjson"],
    });
  });

  it("are in no ConfigMap", () => {
    for (const r of plan.resources.filter((r) => r.type.endsWith(":ConfigMap")))
      assert.deepEqual(found(JSON.stringify(r.inputs)), []);
  });

  it("are in no error text", async () => {
    for (const secretKeys of [Object.keys(MARKERS), []]) {
      const error = await refusal(
        stackFile(
          (c) => {
            Object.assign(c, MARKERS);
            c.objectStorage = {
              endpoint: "https://user:PlantedMinioAdminPassword@minio:9000/x",
              secretKey: "PlantedMinioAdminPassword",
            };
            c.loki.values = { token: "PlantedMinioAdminPassword" };
            c.loki.chart = { source: "https://user:PlantedMinioAdminPassword@charts.example.com/x" };
            c.alloy.chart = { source: "user:PlantedMinioAdminPassword@charts.example.com/x" };
            c.images = { registry: "https://user:PlantedMinioAdminPassword@registry.example.com" };
            c.PlantedKey = "PlantedMinioAdminPassword";
          },
          { secretKeys },
        ),
      );
      assert.ok((error?.problems.length ?? 0) >= 7, error?.message);
      assert.deepEqual(found(error?.message ?? ""), []);
      assert.deepEqual(found(JSON.stringify(error?.problems)), []);
    }
  });

  it("are not in what render writes or prints", async () => {
    const folder = mkdtempSync(join(tmpdir(), "logging-test-"));
    try {
      const config = join(folder, "Pulumi.prod-aks-a.yaml");
      const entries = Object.entries(WITH_SECRETS.config).map(([key, text]) => [
        key,
        WITH_SECRETS.secretKeys.includes(key) ? { secure: `v1:${text}` } : /^[[{]/.test(text) ? JSON.parse(text) : text,
      ]);
      writeFileSync(config, stringify({ config: Object.fromEntries(entries) }));
      const out = join(folder, "out");
      const { code, stdout, stderr } = await execute("automation/commands/render.ts", [
        "prod-aks-a",
        "--config-file",
        config,
        "--out",
        out,
      ]);
      assert.equal(code, 0, stderr);
      const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
      assert.ok(files.length >= 5);
      const placeholder = "offlinePlaceholderOfASecret";
      for (const f of files) {
        const text = readFileSync(join(f.parentPath, f.name), "utf8");
        assert.deepEqual(found(text), [], f.name);
        for (const form of forms(placeholder)) assert.ok(!text.includes(form), f.name);
      }
      assert.deepEqual(found(stdout + stderr), []);
      assert.ok(!(stdout + stderr).includes(placeholder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Findings } from "../../../../components/findings.ts";
import { checkNoSecrets } from "../../../../components/helm/secretsInValues.ts";
import { plan, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

describe("the escape hatch refuses a secret:", () => {
  const SECRETS: Array<[string, unknown, string]> = [
    [
      "a key of the object store",
      { loki: { storage: { s3: { secretAccessKey: "abc" } } } },
      "v.loki.storage.s3.secretAccessKey",
    ],
    [
      "the same key in Loki's own spelling",
      { loki: { structuredConfig: { common: { secret_access_key: "x" } } } },
      "v.loki.structuredConfig.common.secret_access_key",
    ],
    ["an access key", { s3: { accessKeyId: "AKIA" } }, "v.s3.accessKeyId"],
    ["a password", { gateway: { basicAuth: { password: "x" } } }, "v.gateway.basicAuth.password"],
    ["a password of digits", { grafana: { adminPassword: 1234 } }, "v.grafana.adminPassword"],
    ["a root password", { minio: { rootPassword: "x" } }, "v.minio.rootPassword"],
    ["a token in a list", { remotes: [{ url: "x" }, { bearer_token: "x" }] }, "v.remotes[1].bearer_token"],
    [
      "an environment variable",
      { write: { extraEnv: [{ name: "AWS_SECRET_ACCESS_KEY", value: "x" }] } },
      "v.write.extraEnv[0].value",
    ],
    ["an argument", { write: { extraArgs: ["-memberlist.x=1", "-store.password=x"] } }, "v.write.extraArgs[1]"],
    ["an address with a password", { ruler: { url: "https://user:pw@alerts" } }, "v.ruler.url"],
    ["a private key", { tls: { pem: "-----BEGIN EC PRIVATE KEY-----\nx" } }, "v.tls.pem"],
    [
      "a line of a pipeline",
      { alloy: { configMap: { content: 'basic_auth {\n  password = "x"\n}' } } },
      "v.alloy.configMap.content",
    ],
    ["a line of a YAML text", { extra: "a: 1\nclient_secret: xyz\n" }, "v.extra"],
    ["a line below a section of a YAML text", { extra: "auth:\n  client_secret: xyz\n" }, "v.extra"],
    ["a value in the line after its key", { extra: "auth:\n  client_secret:\n    xyz\n" }, "v.extra"],
    ["a hash of .htpasswd", { gateway: { x: "u:{SSHA}abcd" } }, "v.gateway.x"],
    [
      "any value of a Secret",
      { extraObjects: [{ apiVersion: "v1", kind: "Secret", stringData: { admin: "x" } }] },
      "v.extraObjects[0].stringData.admin",
    ],
    ["a Secret as a text", { extraObjects: ["kind: Secret\ndata:\n  admin: eA==\n"] }, "v.extraObjects[0]"],
    [
      "a Secret as the second object of a text",
      { extraObjects: ["kind: ConfigMap\n---\nkind: Secret\ndata:\n  admin: eA==\n"] },
      "v.extraObjects[0]",
    ],
    [
      "a value in the template of an ExternalSecret",
      { extraObjects: [{ kind: "ExternalSecret", spec: { target: { template: { data: { password: "x" } } } } }] },
      "v.extraObjects[0].spec.target.template.data.password",
    ],
    [
      "an address with a password in an ExternalSecret",
      { extraObjects: [{ kind: "ExternalSecret", spec: { dataFrom: [{ url: "https://u:p@x" }] } }] },
      "v.extraObjects[0].spec.dataFrom[0].url",
    ],
  ];
  for (const [what, values, path] of SECRETS) {
    it(what, () => {
      const findings = new Findings();
      checkNoSecrets(values, "v", findings);
      assert.deepEqual(
        findings.problems.map((p) => [p.subject, p.given]),
        [[path, undefined]],
      );
    });
  }

  it("but accepts a reference to one, and a name that only sounds like one", () => {
    const findings = new Findings();
    checkNoSecrets(
      {
        gateway: { basicAuth: { enabled: true, existingSecret: "mine" } },
        extraObjects: [
          { kind: "ExternalSecret", spec: { data: [{ secretKey: "password", remoteRef: { key: "team/loki" } }] } },
        ],
        imagePullSecrets: [{ name: "registry" }],
        serviceAccount: { automountServiceAccountToken: false, tokenExpirationSeconds: 3600 },
        loki: {
          storage: { s3: { secretAccessKey: "${MY_KEY}", accessKeyId: null, http_config: { ca_file: "/x" } } },
          server: { http_tls_config: { key_file: "/etc/tls/tls.key" } },
        },
        write: {
          extraEnv: [
            { name: "MY_KEY", valueFrom: { secretKeyRef: { name: "s", key: "secretKey" } } },
            { name: "TOKEN_FILE", value: "/var/run/token" },
          ],
          extraArgs: ["-store.password=$(PASSWORD)"],
          extraVolumes: [{ name: "x", secret: { secretName: "x" } }],
        },
        alloy: {
          configMap: {
            more: "env:\n  - name: TOKEN\n    password:\n      valueFrom: { secretKeyRef: { name: s, key: k } }\n",
            content: 'password = sys.env("LOKI_PASSWORD")\ntoken_file = "/x"\n// the password: is in a Secret',
          },
        },
      },
      "v",
      findings,
    );
    assert.deepEqual(findings.problems, []);
  });

  it("and finds none in the stack's own values", async () => {
    const findings = new Findings();
    const planned = await plan(stackFile());
    for (const release of ["loki", "alloy"] as const) checkNoSecrets(valuesOf(planned, release), release, findings);
    assert.deepEqual(findings.problems, []);
  });
});

describe("an object that names where a secret is, and holds none, is accepted:", () => {
  const spec = {
    secretStoreRef: { kind: "ClusterSecretStore", name: "vault" },
    target: { name: "minio", template: { data: { password: "{{ .password }}" } } },
    data: [{ secretKey: "password", remoteRef: { key: "kv/minio", property: "secret_access_key" } }],
  };
  const objects: Readonly<Record<string, unknown>> = {
    ExternalSecret: { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret", spec },
    "ExternalSecret as a text": `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  data:\n  - secretKey: password\n`,
    ClusterExternalSecret: { kind: "ClusterExternalSecret", spec: { externalSecretSpec: spec } },
    PushSecret: {
      kind: "PushSecret",
      spec: { data: [{ match: { secretKey: "apiKey", remoteRef: { remoteKey: "x" } } }] },
    },
    SecretProviderClass: {
      kind: "SecretProviderClass",
      spec: {
        parameters: { objects: "array:\n  - |\n    objectName: minio-password\n    objectType: secret\n" },
        secretObjects: [{ secretName: "minio", data: [{ key: "password", objectName: "minio-password" }] }],
      },
    },
    SealedSecret: { kind: "SealedSecret", spec: { encryptedData: { password: "AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq" } } },
    "a Secret without values": { kind: "Secret", metadata: { name: "x" } },
    "a Secret whose values a template fills in": { kind: "Secret", stringData: { password: "{{ .Values.x }}" } },
  };
  for (const [what, object] of Object.entries(objects))
    it(what, () => {
      const findings = new Findings();
      checkNoSecrets({ extraObjects: [object] }, "v", findings);
      assert.deepEqual(findings.problems, []);
    });
});

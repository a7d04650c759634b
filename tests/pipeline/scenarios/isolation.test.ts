import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { Client } from "minio";
import { CertificateAuthority } from "../../harness/certificates.ts";
import type { Loose } from "../../harness/manifest.ts";
import { answer, type Keys } from "../../harness/minio.ts";
import type { Pod } from "../../harness/pods/pod.ts";
import { until } from "../../harness/processes.ts";
import { newKeys, type RenderedStack, renderStack } from "../../harness/runningStack/renderedStack.ts";
import { type RunningStack, runningStack } from "../../harness/runningStack/runningStack.ts";

let running: RunningStack;
let own: RenderedStack;
let other: RenderedStack;

before(async () => {
  running = await runningStack({
    render: (caFile) => renderStack({ stack: "prod-aks-a", caFile, change: addSnippet }),
  });
  own = running.stack;
  other = await renderStack({ stack: "prod-aks-b", caFile: running.store.ca.certificate });
  await running.store.grant(other);
  writeFileSync(join(running.folder, "mine.json"), own.policy.document);
});

/** A snippet in the escape hatch stands beside the stack's own, which closes the paths of operators. */
function addSnippet(config: Loose): void {
  config.loki.values = { gateway: { nginxConfig: { serverSnippet: "client_body_buffer_size 1m;" } } };
}

const DENIED = "AccessDenied";

/** Requests that a client can make to a bucket, and whether Loki needs them. */
const REQUESTS: ReadonlyArray<
  [name: string, ask: (client: Client, bucket: string) => Promise<unknown>, needed: boolean]
> = [
  ["write an object", (c, b) => c.putObject(b, "fake/isolation", "text"), true],
  ["read an object", (c, b) => c.getObject(b, "fake/isolation"), true],
  ["see an object", (c, b) => c.statObject(b, "fake/isolation"), true],
  ["write an object in parts", (c, b) => c.putObject(b, "fake/parts", Buffer.alloc(6 * 2 ** 20), 6 * 2 ** 20), true],
  ["list objects", (c, b) => c.listObjectsV2(b, "", true).toArray(), true],
  ["delete an object", (c, b) => c.removeObject(b, "fake/isolation"), true],
  ["delete an object written in parts", (c, b) => c.removeObject(b, "fake/parts"), true],
  ["list unfinished uploads", (c, b) => c.listIncompleteUploads(b, "", true).toArray(), false],
  [
    "abort an upload",
    async (c, b) => c.abortMultipartUpload(b, "fake/x", await c.initiateNewMultipartUpload(b, "fake/x", {})),
    false,
  ],
  ["tag an object", (c, b) => c.setObjectTagging(b, "fake/keep", { a: "b" }), false],
  ["read the bucket's policy", (c, b) => c.getBucketPolicy(b), false],
  ["open the bucket to everyone", (c, b) => c.setBucketPolicy(b, PUBLIC(b)), false],
  [
    "make the bucket's objects expire",
    (c, b) =>
      c.setBucketLifecycle(b, {
        Rule: [{ ID: "x", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } }],
      } as never),
    false,
  ],
  ["version the bucket", (c, b) => c.setBucketVersioning(b, { Status: "Enabled" }), false],
  ["get the bucket's events", (c, b) => c.getBucketNotification(b), false],
  [
    "encrypt the bucket",
    (c, b) => c.setBucketEncryption(b, { Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] }),
    false,
  ],
  ["delete the bucket", (c, b) => c.removeBucket(b), false],
];

const PUBLIC = (bucket: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/*`] }],
  });

/** MinIO's admin calls, made with its own client. `self` is the calling user. */
const ADMIN_CALLS: ReadonlyArray<[name: string, args: (self: Keys) => string[]]> = [
  ["see the server", () => ["admin", "info", "minio"]],
  ["list users", () => ["admin", "user", "list", "minio"]],
  ["list policies", () => ["admin", "policy", "list", "minio"]],
  ["make a user", () => ["admin", "user", "add", "minio", "intruder", "intruder-secret"]],
  ["change its own password", ({ accessKey }) => ["admin", "user", "add", "minio", accessKey, "a-new-password"]],
  ["make itself a service account", ({ accessKey }) => ["admin", "user", "svcacct", "add", "minio", accessKey]],
  ["make itself an access key", ({ accessKey }) => ["admin", "accesskey", "create", "minio", accessKey]],
  ["take another policy", ({ accessKey }) => ["admin", "policy", "attach", "minio", "readwrite", "--user", accessKey]],
  ["write a policy", () => ["admin", "policy", "create", "minio", "mine", join(running.folder, "mine.json")]],
  [
    "import users and policies",
    () => ["admin", "cluster", "iam", "import", "minio", join(running.folder, `minio/${own.policy.name}.zip`)],
  ],
  ["read the server's config", () => ["admin", "config", "get", "minio", "region"]],
  ["stop the server", () => ["admin", "service", "stop", "minio"]],
];

describe("on MinIO", () => {
  for (const [name, ask, needed] of REQUESTS) {
    it(`each user may${needed ? "" : " not"} ${name} in its own bucket, and neither in the other's`, async () => {
      for (const stack of [own, other]) {
        const [mine, foreign] = [stack.bucket, (stack === own ? other : own).bucket];
        const client = running.store.client(stack.storageKeys);
        assert.equal(await answer(ask(client, foreign)), DENIED, `${stack.name} in ${foreign}`);
        assert.equal(await answer(ask(client, mine)), needed ? "ok" : DENIED, `${stack.name} in ${mine}`);
      }
    });
  }

  it("each user sees only its own bucket, and may not create one", async () => {
    for (const { bucket, storageKeys } of [own, other]) {
      const client = running.store.client(storageKeys);
      const seen = await client.listBuckets().then(
        (all) => all.map(({ name }) => name),
        () => [],
      );
      assert.deepEqual(
        seen.filter((name) => name !== bucket),
        [],
      );
      assert.equal(await answer(client.makeBucket("loki-of-my-own", "us-east-1")), DENIED);
    }
  });

  for (const [name, args] of ADMIN_CALLS) {
    it(`no user may ${name}`, async () => {
      for (const { storageKeys, bucket } of [own, other]) {
        const said = await running.store.mc(storageKeys, ...args(storageKeys)).then(
          (text) => `done: ${text}`,
          (error: Error) => error.message,
        );
        assert.match(said, /Access Denied|not authorized|AccessDenied/i);
        // The keys still open the same as before.
        assert.equal(await answer(running.store.client(storageKeys).putObject(bucket, "fake/isolation", "text")), "ok");
      }
    });
  }

  it("no user has a service account afterwards; MinIO lets users list their own", async () => {
    for (const { storageKeys } of [own, other]) {
      const args = ["admin", "user", "svcacct", "list", "minio", storageKeys.accessKey];
      assert.match(await running.store.mc(storageKeys, ...args), /No service accounts found/);
    }
  });

  it("the admin may do all of it, so the refusals come from the policy", async () => {
    const { admin } = running.store;
    for (const [name, args] of ADMIN_CALLS.filter(([name]) => /^(see|list|make a user|write)/.test(name)))
      assert.equal(
        await running.store.mc(admin, ...args(own.storageKeys)).then(
          () => "ok",
          (e) => `${name}: ${e.message}`,
        ),
        "ok",
      );
    await running.store.mc(admin, "admin", "user", "rm", "minio", "intruder");
    const bucket = "of-the-admin";
    await running.store.client(admin).makeBucket(bucket, "us-east-1");
    const refused: string[] = [];
    for (const [name, ask] of REQUESTS)
      if ((await answer(ask(running.store.client(admin), bucket))) === DENIED) refused.push(name);
    assert.deepEqual(refused, []);
  });
});

describe("at the gateway", () => {
  const nobody = { accessKey: "", secretKey: "" };
  const paths = (): string[] => {
    const config = own.objects.configMaps["loki-gateway"]?.["nginx.conf"] ?? "";
    return [...config.matchAll(/location (?:= |\^~ )?(\/\S*)/g)].map(([, path = ""]) => path);
  };
  const status = async (path: string, login?: Keys): Promise<number> =>
    (await running.queries.fetch(path, { login, redirect: "manual" })).status;

  it("every path needs a password, and refuses a wrong one", async () => {
    const closed = [...paths(), "/metrics", "/ready", "/anything"].filter((path) => path !== "/");
    assert.ok(closed.length > 25, `${closed.length} paths were found in nginx.conf`);
    for (const path of closed) {
      if (path === "/stub_status") {
        assert.equal(await status(path, nobody), 401, path);
        continue;
      }
      assert.equal(await status(path, nobody), 401, `${path} without a password`);
      assert.equal(
        await status(path, { ...own.gatewayLogin, secretKey: "wrong" }),
        401,
        `${path} with a wrong password`,
      );
      assert.equal(await status(path, other.gatewayLogin), 401, `${path} with another cluster's password`);
    }
  });

  it("paths for operators of Loki do not exist, even with the password", async () => {
    const needed = /^\/($|loki\/api\/v1\/(push|tail)$|stub_status)/;
    const others = [
      ...paths().filter((path) => !needed.test(path)),
      ...["/metrics", "/config", "/flush", "/ingester/shutdown", "/ingester/flush_shutdown", "/ring", "/memberlist"],
      ...[
        "/loki/api/v1/delete",
        "/loki/api/v1/rules",
        // Nothing mines patterns.
        "/loki/api/v1/patterns",
        "/log_level",
        "/debug/pprof/",
        "/loki/api/v1/../../../metrics",
        "//metrics",
      ],
    ];
    for (const path of others) assert.match(String(await status(path)), /^(404|400)$/, path);
  });

  it("reading and pushing works with the password", async () => {
    assert.equal(await status("/loki/api/v1/labels"), 200);
    assert.equal(await status("/loki/api/v1/query?query=vector(1)"), 200);
    const line = {
      streams: [{ stream: { namespace: "gateway" }, values: [[`${Date.now()}000000`, "pushed by hand"]] }],
    };
    const pushed = await running.queries.fetch("/loki/api/v1/push", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(line),
    });
    assert.equal(pushed.status, 204);
  });
});

describe("a Loki with", () => {
  let right: Keys;

  before(() => {
    right = own.storageKeys;
  });

  /** Starts a backend with the current config, then restores the previous one. @returns the backend's log in between. */
  async function assertSays(pattern: RegExp): Promise<void> {
    const backend = running.cluster.component("backend")[1] as Pod;
    await backend.stop();
    const { length } = readFileSync(backend.log, "utf8");
    backend.start();
    try {
      const said = async () => pattern.test(readFileSync(backend.log, "utf8").slice(length));
      await until(`a log line like ${pattern}`, said, { timeoutMs: 90_000 });
    } finally {
      own.setStorageKeys(right);
      own.setCertificateAuthority(running.store.ca.pem);
      await backend.kill();
      backend.start();
      await running.cluster.waitUntilReady([backend]);
    }
  }

  it("a wrong CA is reported as an unknown authority of the certificate", async () => {
    own.setCertificateAuthority(new CertificateAuthority(running.programs.openssl, running.folder, "another-ca").pem);
    await assertSays(/certificate signed by unknown authority/);
  });

  it("another cluster's key is reported as access denied", async () => {
    own.setStorageKeys(other.storageKeys);
    await assertSays(/AccessDenied|Access Denied/);
  });

  it("a revoked key is reported as one that does not exist", async () => {
    own.setStorageKeys(newKeys("taken-back"));
    await assertSays(/InvalidAccessKeyId|The Access Key Id you provided does not exist/);
  });
});

it("a wrong clock is named as the reason", async () => {
  const { now } = Date;
  const client = running.store.client(own.storageKeys);
  const realDate = globalThis.Date;
  class LateDate extends realDate {
    constructor(...args: []) {
      if (args.length === 0) super(now() - 3_600_000);
      else super(...args);
    }
  }
  globalThis.Date = LateDate as DateConstructor;
  try {
    assert.equal(await answer(client.putObject(own.bucket, "fake/late", "text")), "RequestTimeTooSkewed");
  } finally {
    globalThis.Date = realDate;
  }
});

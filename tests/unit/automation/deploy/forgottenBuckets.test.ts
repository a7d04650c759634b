// What a refresh would forget: the MinIO provider takes every error for a bucket that is gone.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { bucketsOutOfSight, lostProtected, rememberedBuckets } from "../../../../automation/deploy/forgottenBuckets.ts";
import { explainErrors } from "../../../../automation/explain/explainErrors.ts";

const BUCKET = "urn:pulumi:a::logging::minio:index/s3Bucket:S3Bucket::logging-bucket";
const PROVIDER = "urn:pulumi:a::logging::pulumi:providers:minio::minio";

/** A state with one bucket, whose provider looks at `minioServer`. */
const stateOf = (inputs: Record<string, unknown>) => ({
  resources: [
    { urn: PROVIDER, type: "pulumi:providers:minio", id: "1", inputs },
    { urn: PROVIDER, type: "pulumi:providers:minio", id: "another", inputs: { minioServer: "elsewhere:1" } },
    {
      urn: BUCKET,
      type: "minio:index/s3Bucket:S3Bucket",
      id: "loki-a",
      provider: `${PROVIDER}::1`,
      protect: true,
    },
  ],
});
const KEYS = { MINIO_USER: "admin", MINIO_PASSWORD: "password" };

/** Something that answers as MinIO does. */
async function withMinio<T>(
  answer: { status: number; code?: string },
  run: (server: string, asked: string[]) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (request.url === "/minio/health/live") return response.end();
    response.writeHead(answer.status, { "content-type": "application/xml" });
    response.end(
      request.method === "HEAD"
        ? undefined
        : answer.code
          ? `<Error><Code>${answer.code}</Code><Message>no</Message></Error>`
          : "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>",
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await run(`127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a refresh", () => {
  it("looks where the state's provider does, with its keys, and with the environment's where it has none", () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: '"its own"' };
    const inputs = { minioServer: "minio:9000", minioSsl: "true", minioRegion: "eu", minioCacertFile: "certs/ca.pem" };
    assert.deepEqual(rememberedBuckets(stateOf({ ...inputs, minioUser: "root", minioPassword: secret }), KEYS), [
      {
        name: "logging-bucket",
        bucket: "loki-a",
        minio: {
          address: { host: "minio", port: 9000, tls: true, region: "eu", caFile: "certs/ca.pem" },
          keys: { accessKey: "root", secretKey: "its own" },
        },
      },
    ]);
    const [found] = rememberedBuckets(stateOf({ minioServer: "minio", minioSsl: "false" }), KEYS);
    assert.deepEqual(found?.minio, {
      address: { host: "minio", port: 80, tls: false, region: "us-east-1" },
      keys: { accessKey: "admin", secretKey: "password" },
    });
    assert.deepEqual(rememberedBuckets({}, KEYS), []);
  });

  it("is held if MinIO refuses or does not answer, and reports which of both", async () => {
    const held = async (server: string, environment: Record<string, string> = KEYS) =>
      (await bucketsOutOfSight("a", stateOf({ minioServer: server, minioSsl: "false" }), environment)).map(
        ({ subject, text }) => `${subject}: ${text}`,
      );
    const wrongKey = await withMinio({ status: 403, code: "SignatureDoesNotMatch" }, (server) => held(server));
    assert.equal(wrongKey.length, 2);
    assert.match(
      wrongKey[0] ?? "",
      /^logging-bucket: cannot be seen at 127\.0\.0\.1:\d+, where the last deploy looked/,
    );
    assert.equal(wrongKey[1], "MinIO's admin key: is known, but its secret is wrong");
    const noKey = await withMinio({ status: 200 }, (server) => held(server, {}));
    assert.equal(noKey[1], "MinIO's admin key: is not given");
    const away = await withMinio({ status: 200 }, async (server) => server);
    assert.match((await held(away))[1] ?? "", /^the address: ECONNREFUSED/);
  });

  it("goes on where the bucket is seen, and where it is seen to be gone", async () => {
    for (const status of [200, 404])
      await withMinio({ status }, async (server, asked) => {
        const state = stateOf({ minioServer: server, minioSsl: "false" });
        assert.deepEqual(await bucketsOutOfSight("a", state, KEYS), []);
        assert.deepEqual(asked.slice(0, 2), ["GET /minio/health/live", "HEAD /loki-a"]);
      });
  });

  it("tells of what is protected and was lost all the same, and the next deploy of who knows the way back", () => {
    const [lost, ...others] = lostProtected("a", stateOf({}), { resources: [] });
    assert.deepEqual([lost?.subject, others], ["logging-bucket", []]);
    assert.match(lost?.fix ?? "", /npm run doctor -- a/);
    assert.deepEqual(lostProtected("a", stateOf({}), stateOf({})), []);
    const [exists] = explainErrors(["minio:index/s3Bucket:S3Bucket: [FATAL] bucket already exists! (loki-a): <nil>"]);
    assert.match(`${exists?.subject} ${exists?.text}`, /bucket loki-a exists, but the state does not have it/);
    assert.match(exists?.fix ?? "", /npm run doctor/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Findings } from "../../../../components/findings.ts";
import { checkObjectStorage, objectStorageArgs, withAddress } from "../../../../components/objectStorage/args.ts";

describe("a bucket name", () => {
  const problems = (bucket: string) => {
    const findings = new Findings();
    checkObjectStorage(objectStorageArgs.parse({ endpoint: "https://minio:9000", bucket }), "x", findings);
    return findings.problems.filter((p) => p.subject === "objectStorage.bucket");
  };

  it("from any accepted cluster name is accepted", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/), (cluster) => {
        fc.pre(!/(-s3alias|--ol-s3|--x-s3|--table-s3)$/.test(cluster));
        assert.deepEqual(problems(`loki-${cluster}`), []);
      }),
    );
  });

  it("with a character that S3 refuses is refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(..."_A/ :*ä"), fc.nat({ max: 9 }), (sign, at) => {
        const name = `${"loki-prod".slice(0, at)}${sign}${"loki-prod".slice(at)}`;
        assert.equal(problems(name).length, 1, name);
      }),
    );
  });
});

it("the endpoint is split into host, port and TLS", () => {
  const resolved = (endpoint: string) => {
    const { host, port, tls } = withAddress(objectStorageArgs.parse({ endpoint }), "x", undefined);
    return [host, port, tls];
  };
  assert.deepEqual(resolved("https://minio:9000"), ["minio", 9000, true]);
  assert.deepEqual(resolved("https://minio"), ["minio", 443, true]);
  assert.deepEqual(resolved("http://minio"), ["minio", 80, false]);
});

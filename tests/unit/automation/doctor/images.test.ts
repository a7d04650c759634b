// Which processors an image is for, from the answers of registries.
import assert from "node:assert/strict";
import { after, afterEach, describe, it, mock } from "node:test";
import { checkImages, manifestOf } from "../../../../automation/doctor/sourceChecks.ts";
import { startFakeApi } from "../../../harness/fakeApi.ts";
import type { Loose } from "../../../harness/manifest.ts";

/** Ends the answers. Others of the process mock too, so this one alone is restored. */
let silence = (): void => {};
afterEach(() => silence());

/** Answers requests to registries. Requests to the fake API go through. */
function registry(answers: Readonly<Record<string, Loose | number>>): void {
  silence();
  const real = globalThis.fetch;
  const { mock: answering } = mock.method(globalThis, "fetch", async (url: string | URL, init?: RequestInit) => {
    if (String(url).startsWith("http://127.0.0.1")) return real(url, init);
    const [, found] = Object.entries(answers).find(([path]) => String(url).endsWith(path)) ?? [];
    if (found === undefined) return new Response("{}", { status: 404 });
    return typeof found === "number" ? new Response("{}", { status: found }) : Response.json(found);
  });
  silence = () => answering.restore();
}

const index = (...platforms: string[]) => ({
  manifests: [
    ...platforms.map((platform) => {
      const [os, architecture] = platform.split("/");
      return { digest: "d", platform: { os, architecture } };
    }),
    // The attestations of a build.
    { digest: "a", platform: { os: "unknown", architecture: "unknown" } },
  ],
});

describe("an image's processors", () => {
  it("are those of its index, Linux alone", async () => {
    registry({ "/manifests/1": index("linux/amd64", "linux/arm64", "windows/amd64") });
    assert.deepEqual(await manifestOf("r.azurecr.io/loki:1"), { platforms: ["amd64", "arm64"] });
  });

  it("are in the config of a single manifest, which a mirror made with docker pull and push has", async () => {
    registry({ "/manifests/1": { config: { digest: "sha256:c" } }, "/blobs/sha256:c": { architecture: "amd64" } });
    assert.deepEqual(await manifestOf("r.azurecr.io/loki:1"), { platforms: ["amd64"] });
  });

  it("are not known of a registry with a login, or of a config that it keeps", async () => {
    registry({ "/manifests/1": 401 });
    assert.deepEqual(await manifestOf("r.azurecr.io/loki:1"), {});
    registry({ "/manifests/1": { config: { digest: "sha256:c" } } });
    assert.deepEqual(await manifestOf("r.azurecr.io/loki:1"), {});
  });

  it("do not matter if the image is not there", async () => {
    registry({});
    assert.deepEqual(await manifestOf("r.azurecr.io/loki:1"), { problem: "r.azurecr.io answers 404" });
  });
});

describe("images", () => {
  const apis: Array<{ close(): void }> = [];
  after(() => {
    for (const api of apis) api.close();
  });
  const check = async (...architectures: string[]) => {
    const api = await startFakeApi((asked) =>
      asked.startsWith("GET /api/v1/nodes")
        ? { items: architectures.map((arch) => ({ metadata: { name: arch, labels: { "kubernetes.io/arch": arch } } })) }
        : undefined,
    );
    apis.push(api);
    return checkImages(async () => [[{ image: "r.azurecr.io/grafana/alloy:1" } as Loose]], api.kube);
  };

  it("without a variant for the cluster's arm64 nodes are named, with how to mirror them", async () => {
    registry({ "/manifests/1": index("linux/amd64") });
    const result = await check("amd64", "arm64");
    assert.equal(result.state, "bad");
    const [found] = result.state === "bad" ? result.findings : [];
    assert.equal(found?.subject, "image r.azurecr.io/grafana/alloy:1");
    assert.match(found?.text ?? "", /^has no variant for arm64, and the cluster has such nodes/);
    assert.match(found?.fix ?? "", /az acr import does, docker pull and push do not/);
  });

  it("for all processors of the cluster are in order, whatever others they lack", async () => {
    registry({ "/manifests/1": index("linux/amd64") });
    assert.deepEqual(await check("amd64"), { state: "ok", seen: "1 can be pulled for amd64" });
    registry({ "/manifests/1": index("linux/amd64", "linux/arm64") });
    assert.deepEqual(await check("arm64", "amd64"), { state: "ok", seen: "1 can be pulled for amd64 and arm64" });
  });
});

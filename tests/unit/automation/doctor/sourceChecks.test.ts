import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manifestUrl } from "../../../../automation/doctor/sourceChecks.ts";

describe("an image's manifest", () => {
  it("is in the registry of its name", () => {
    const url = (image: string) => manifestUrl(image).url;
    assert.equal(url("docker.io/grafana/loki:3.7.6"), "https://registry-1.docker.io/v2/grafana/loki/manifests/3.7.6");
    assert.equal(url("memcached:1"), "https://registry-1.docker.io/v2/library/memcached/manifests/1");
    assert.equal(url("docker.io/memcached:1"), "https://registry-1.docker.io/v2/library/memcached/manifests/1");
    assert.equal(url("my.azurecr.io/a/b@sha256:00"), "https://my.azurecr.io/v2/a/b/manifests/sha256:00");
    assert.equal(url("localhost:5000/a"), "https://localhost:5000/v2/a/manifests/latest");
  });
});

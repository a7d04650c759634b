// The effect of changed configs on the rendered objects.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { helmTemplate } from "../../../automation/plan/helmTemplate.ts";
import { chartsMissing } from "../../harness/charts.ts";
import { planOf, stackFile } from "../../harness/plannedStack.ts";
import { containersOf, object, ofKind, podsOf, type Rendered, render } from "../renderedCharts.ts";
import { LOKI } from "./describeManifests.ts";

const skip = chartsMissing();

describe("a change rolls the pods that it is for", { skip }, () => {
  const annotations = ({ loki, alloy }: Rendered) =>
    Object.fromEntries(podsOf([...loki, ...alloy]).map((p) => [p.name, JSON.stringify([p.metadata, p.spec])]));
  const rolled = async (change: Parameters<typeof stackFile>[0]) => {
    const [a, b] = [annotations(await render(stackFile())), annotations(await render(stackFile(change)))];
    return Object.keys(a)
      .filter((name) => a[name] !== b[name])
      .sort();
  };

  it("another retention: none, because Loki reads it while it runs", async () => {
    assert.deepEqual(
      await rolled((c) => {
        c.loki.retentionHours = 360;
      }),
      [],
    );
  });

  it("another queue of queries: Loki, and not Alloy", async () => {
    assert.deepEqual(
      await rolled((c) => {
        c.loki.queries = { maxQueued: 50 };
      }),
      LOKI.toSorted(),
    );
  });

  it("another exclusion: Alloy alone", async () => {
    assert.deepEqual(
      await rolled((c) => {
        c.alloy.exclude = ["kube-system"];
      }),
      ["alloy"],
    );
  });

  it("another pipeline: Alloy, by a checksum of its config", async () => {
    const values = (await planOf("prod-aks-a")).resources.find((r) => r.name === "logging-alloy")?.inputs as never;
    const checksum = async (content: string) => {
      const inputs = structuredClone(values) as { values: { alloy: { configMap: { content: string } } } };
      inputs.values.alloy.configMap.content = content;
      return podsOf(await helmTemplate(inputs as never))[0]?.metadata.annotations["checksum/config"];
    };
    const first = await checksum("logging {}\n");
    assert.match(first, /^[0-9a-f]{63,64}$/);
    assert.notEqual(await checksum('logging { level = "warn" }\n'), first);
  });
});

describe("a cluster that cannot reach public registries", { skip }, () => {
  let rendered: Rendered;
  before(async () => {
    rendered = await render(
      stackFile(
        (c) => {
          c.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
          c.imageRegistryCredentials = '{"auths":{"mirror.internal.company":{"auth":"dTpw"}}}';
        },
        { secretKeys: ["imageRegistryCredentials"] },
      ),
    );
  });

  it("takes every image from its mirror, under its own path", () => {
    const images = podsOf([...rendered.loki, ...rendered.alloy]).flatMap(({ spec }) =>
      containersOf(spec).map((c) => c.image as string),
    );
    assert.ok(images.length >= 9);
    for (const image of images)
      assert.match(image, /^mirror\.internal\.company\/[a-z0-9-]+\/[a-z0-9-]+:v?\d+\.\d+/, image);
  });

  it("has the pull Secrets in every pod", () => {
    for (const { name, spec } of podsOf([...rendered.loki, ...rendered.alloy])) {
      const account = ofKind([...rendered.loki, ...rendered.alloy], "ServiceAccount").find(
        (a) => a.metadata.name === spec.serviceAccountName,
      );
      const secrets = [...(spec.imagePullSecrets ?? []), ...(account?.imagePullSecrets ?? [])].map((s) => s.name);
      for (const secret of ["mirror", "logging-image-pull-[auto]"])
        assert.ok(secrets.includes(secret), `${name}: ${secrets}`);
    }
  });
});

describe("caches that are left out", { skip }, () => {
  it("leave no pod and no address behind", async () => {
    const { loki } = await render(
      stackFile((c) => {
        c.loki.caches = { chunksMiB: 0, resultsMiB: 0 };
      }),
    );
    assert.deepEqual(
      podsOf(loki)
        .map((p) => p.name)
        .sort(),
      ["loki-backend", "loki-canary", "loki-gateway", "loki-read", "loki-write"],
    );
    assert.ok(!object(loki, "ConfigMap", "loki").data["config.yaml"].includes("memcached"));
  });
});

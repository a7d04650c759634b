// Profiles: their figures are enough for the load, and not much more.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { AZURE_VM_SIZES } from "../../../../components/nodePool/vmSizes.ts";
import type { ProfileName } from "../../../../components/profile/args.ts";
import { formatProfiles, LOADS, MEASURED, profile, sizing } from "../../../../components/profile/profiles.ts";
import { type ContainerResources, parseCpu, parseMemory } from "../../../../components/quantities.ts";
import { plan, planOf, problemAt, refusal, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

const NAMES = Object.keys(LOADS) as ProfileName[];

const cores = (part: { replicas?: number; resources?: ContainerResources } | undefined): number =>
  ((part?.replicas ?? 1) * (parseCpu(part?.resources?.requests.cpu ?? "") ?? 0)) / 1000;

for (const name of NAMES) {
  describe(`the profile ${name}`, () => {
    const { pool, gbPerDay } = profile(name);
    const withPool = (maxCount: number) =>
      stackFile((c) => {
        c.profile = name;
        c.nodePool = { ...c.nodePool, vmSize: pool.vmSize, minCount: 3, maxCount };
        // The committed stack sets its own figures, which would override the profile.
        for (const part of ["write", "read", "backend", "limits"]) delete c.loki[part];
      });

    it("fits its own pool in the capacity check, even with one node down", async () => {
      assert.equal(await refusal(withPool(pool.maxCount)), undefined);
      assert.equal(await refusal(withPool(pool.minCount)), undefined);
    });

    it("does not fit a pool that is one node smaller, and the error names the profile's pool", async () => {
      const error = await refusal(withPool(pool.minCount - 1));
      assert.ok(error);
      const text = error.problems.map(({ text, fix }) => `${text} ${fix}`).join("\n");
      assert.match(text, new RegExp(`${pool.maxCount} × ${pool.vmSize}|pods never share a host`));
    });

    it("has CPU for its busiest hour with one writer down", () => {
      const { write } = profile(name).loki;
      const needed = ((gbPerDay * 1000 * 3) / 86_400) * MEASURED.writeCpu;
      const writers = write?.replicas ?? 0;
      assert.ok((cores(write) * (writers - 1)) / writers >= needed, `${cores(write)} for ${needed}`);
    });

    it("attaches no more disks than its nodes allow, and requests at least the memory that a writer starts with", () => {
      const { write, backend } = profile(name).loki;
      assert.ok(
        (write?.replicas ?? 0) + (backend?.replicas ?? 0) <=
          pool.minCount * (AZURE_VM_SIZES.get(pool.vmSize)?.dataDisks ?? 0),
      );
      assert.ok((parseMemory(write?.resources?.requests.memory ?? "") ?? 0) > MEASURED.writerMiB);
    });
  });
}

describe("a profile in a stack's config", () => {
  it("sets what the stack does not set itself", async () => {
    const file = stackFile((c) => {
      c.profile = "small";
      c.loki = { write: { replicas: 5 } };
      c.alloy = {};
    });
    const planned = await plan(file);
    const small = profile("small");
    const values = valuesOf(planned, "loki");
    assert.equal(values.write.replicas, 5);
    assert.deepEqual(values.write.resources, small.loki.write?.resources);
    assert.equal(values.write.persistence.size, `${small.loki.write?.diskSizeGiB}Gi`);
    assert.equal(values.chunksCache.allocatedMemory, small.loki.caches?.chunksMiB);
    assert.deepEqual(valuesOf(planned, "alloy").alloy.resources, small.alloy.resources);
  });

  it("must have a known name", async () => {
    const error = await refusal(stackFile((c) => Object.assign(c, { profile: "tiny" })));
    assert.match(problemAt(error, "profile").text, /one of: small, medium, large/);
  });

  it("is not used by the production stacks, which set their own figures", async () => {
    const { write, read, backend } = valuesOf(await planOf("prod-aks-a"), "loki");
    assert.deepEqual(
      [write, read, backend].map((part) => [part.replicas, part.resources.requests]),
      [3, 3, 2].map((replicas) => [replicas, { cpu: "1", memory: "2Gi" }]),
    );
  });
});

describe("a larger load", () => {
  it("never needs less of anything", () => {
    const loads = [5, 20, 50, 100, 200, 350, 500].map((gbPerDay) => sizing({ gbPerDay, nodes: 60 }));
    const figures = loads.map(({ loki, pool, alloy }) => [
      ...[cores(loki.write), cores(loki.read), loki.write?.diskSizeGiB ?? 0, loki.caches?.chunksMiB ?? 0],
      ...[loki.limits?.ingestionRateMb ?? 0, pool.minCount * (AZURE_VM_SIZES.get(pool.vmSize)?.cpu ?? 0)],
      parseCpu(alloy.resources?.requests.cpu ?? "") ?? 0,
    ]);
    figures.slice(1).forEach((more, i) => {
      // With one more writer, each disk is smaller. Together they are not.
      for (const which of [0, 1, 3, 4, 5, 6])
        assert.ok((more[which] ?? 0) >= (figures[i]?.[which] ?? 0), `${figures[i]} then ${more}`);
    });
  });

  it("on more nodes needs less of each agent", () => {
    const agent = (nodes: number) =>
      parseCpu(sizing({ gbPerDay: 500, nodes }).alloy.resources?.requests.cpu ?? "") ?? 0;
    assert.ok(agent(20) > agent(200));
  });

  it("that no pool has room for is refused", () => {
    assert.throws(() => sizing({ gbPerDay: 50_000, nodes: 1000 }), /no pool of up to/);
  });
});

it("docs/sizing.md shows the same table of profiles as npm start", () => {
  const docs = readFileSync(new URL("../../../../docs/sizing.md", import.meta.url), "utf8");
  assert.ok(docs.includes(formatProfiles()), formatProfiles());
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOffline } from "../../../../automation/plan/offlinePlan.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, refusal, stackFile } from "../../../harness/plannedStack.ts";
import { registrations } from "../../../harness/registrations.ts";
import { existingPool } from "./mistakes.ts";

describe("several mistakes", () => {
  const change = (c: Loose) => {
    c.cluster.name = "prod-aks-c";
    c.loki.retentionHours = 25;
    c.loki.wrote = {};
    c.nodePool.vmSize = "Standard_X";
    c.objectStorage.bucket = "A";
    c.frobnicate = 1;
    c.minioAdminPassword = "PLANTED";
  };
  const paths = [
    "cluster.name",
    "frobnicate",
    "loki.retentionHours",
    "loki.wrote",
    "minioAdminPassword",
    "nodePool.vmSize",
    "objectStorage.bucket",
  ];

  it("are reported in one error, sorted by key", async () => {
    const error = await refusal(stackFile(change));
    assert.deepEqual(error?.problems.map((p) => p.subject).sort(), paths);
    const shown = error?.message.match(/^ {2}\S+$/gm)?.map((line) => line.trim());
    assert.deepEqual(shown, paths);
    assert.match(error?.message ?? "", /7 problems, nothing has been created/);
  });

  it("of shape and of value are reported together, even if a whole group is unusable", async () => {
    const error = await refusal(
      stackFile((c) => {
        c.nodePool = { mode: "make" };
        c.objectStorage.endpoint = "minio:9000";
        delete c.cluster;
      }),
    );
    assert.deepEqual(error?.problems.map((p) => p.subject).sort(), [
      "cluster",
      "nodePool.mode",
      "objectStorage.endpoint",
    ]);
  });

  const TOGETHER: Array<[string, (c: Loose) => void, string[]]> = [
    [
      "a wrong shape beside wrong values of the same group",
      (c) => Object.assign(c.nodePool, { minCount: "3", vmSize: "Standard_D4sv5", zones: ["1", "1"] }),
      ["nodePool.minCount", "nodePool.vmSize", "nodePool.zones"],
    ],
    [
      "a missing key beside wrong values of the same group",
      (c) => {
        delete c.objectStorage.endpoint;
        Object.assign(c.objectStorage, { bucket: "Loki_a", caFile: "certs/none.pem" });
      },
      ["objectStorage.bucket", "objectStorage.caFile", "objectStorage.endpoint"],
    ],
    [
      "a value beside a wrong shape is not reported as missing",
      (c) => {
        c.cluster.environment = 5;
      },
      ["cluster.environment"],
    ],
    [
      "a value beside a missing key is not reported as missing",
      (c) => {
        delete c.cluster.environment;
      },
      ["cluster.environment"],
    ],
    [
      "another cluster's name beside a missing key",
      (c) => {
        delete c.cluster.environment;
        c.cluster.name = "prod-aks-b";
      },
      ["cluster.environment", "cluster.name"],
    ],
    [
      "one problem per path, and the problems of other paths",
      (c) => {
        c.nodePool.maxCount = 2;
        c.nodePool.minCount = 1;
        c.loki.write.replicas = "3";
      },
      ["loki.read.replicas", "loki.write.replicas"],
    ],
    [
      "no problem that depends on a missing value",
      (c) => {
        delete c.nodePool.maxCount;
      },
      ["nodePool.maxCount"],
    ],
    [
      "no capacity problem if a wrong value decides the capacity",
      (c) => {
        Object.assign(c.nodePool, { maxCount: 3, vmCapacity: { cpu: "64", memoryGiB: 256, dataDisks: 32 } });
      },
      ["nodePool.vmCapacity.cpu"],
    ],
    [
      "no problem with the replicas if the replication factor is not a number",
      (c) => {
        c.loki.replicationFactor = "1";
        c.loki.write.replicas = 1;
      },
      ["loki.replicationFactor"],
    ],
    [
      "no repeated zone if Azure has none of them",
      (c) => {
        c.nodePool.zones = [4, 4];
      },
      ["nodePool.zones[0]", "nodePool.zones[1]"],
    ],
    [
      "unknown keys and wrong shapes in a pool with a wrong mode, but no key that some mode has",
      (c) => Object.assign(c.nodePool, { mode: "creat", vmsize: "x", minCount: "3", label: { key: "a", value: "b" } }),
      ["nodePool.minCount", "nodePool.mode", "nodePool.vmsize"],
    ],
    [
      "unknown keys in a pool without a mode",
      (c) => {
        delete c.nodePool.mode;
        c.nodePool.vmsize = "x";
      },
      ["nodePool.mode", "nodePool.vmsize"],
    ],
    [
      "no problem that depends on an unknown access method",
      (c) => {
        existingPool(c);
        delete c.cluster.resourceId;
        c.access = { method: "azure", contxt: "x" };
      },
      ["access.contxt", "access.method"],
    ],
    [
      "each missing group, once",
      (c) => {
        for (const key of Object.keys(c)) delete c[key];
      },
      ["access", "cluster", "nodePool", "objectStorage"],
    ],
  ];
  for (const [what, change, expected] of TOGETHER) {
    it(`are all reported, and nothing else: ${what}`, async () => {
      const error = await refusal(stackFile(change));
      assert.deepEqual(error?.problems.map((p) => p.subject).sort(), expected, error?.message);
    });
  }

  it("register no resource", async () => {
    const { sent, result } = await registrations(() =>
      planOffline(stackFile(change)).then(
        () => "planned",
        (error: Error) => error.name,
      ),
    );
    assert.equal(result, "InvalidArgumentsError");
    assert.deepEqual(
      sent.map((r) => r.getType()).filter((type) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("in the component's arguments register no resource either", async () => {
    const { LoggingStack } = await import("../../../../components/loggingStack.ts");
    const { args } = await load(stackFile());
    const { sent } = await registrations(async () =>
      assert.throws(
        () => new LoggingStack("logging", { ...args, loki: { retentionHours: 1 } }),
        /loki\.retentionHours[\s\S]*fix:/,
      ),
    );
    assert.deepEqual(sent, []);
  });
});

// Unusual settings are not mistakes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOBODY_IS_ALERTED } from "../../../../components/monitoring/args.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { plan, refusal, stackFile } from "../../../harness/plannedStack.ts";
import { existingPool } from "./mistakes.ts";

it("the production stacks are accepted", async () => {
  for (const stack of ["prod-aks-a", "prod-aks-b"])
    assert.equal(await refusal(stackFile(() => {}, { stack })), undefined);
});

describe("a config is accepted with", () => {
  const ACCEPTED: Array<[string, (c: Loose) => void]> = [
    [
      "plain HTTP",
      (c) => {
        Object.assign(c.objectStorage, { endpoint: "http://minio:9000", allowPlainHttp: true });
        delete c.objectStorage.caFile;
      },
    ],
    [
      "a VM size that vmCapacity describes",
      (c) =>
        Object.assign(c.nodePool, {
          vmSize: "Standard_X9",
          vmCapacity: { cpu: 8, memoryGiB: 32, dataDisks: 16 },
        }),
    ],
    [
      "an ephemeral OS disk on a local disk",
      (c) => Object.assign(c.nodePool, { vmSize: "Standard_D4ds_v5", osDiskType: "Ephemeral" }),
    ],
    [
      "an ephemeral OS disk on a size that vmCapacity describes",
      (c) =>
        Object.assign(c.nodePool, {
          osDiskType: "Ephemeral",
          vmCapacity: { cpu: 8, memoryGiB: 32, dataDisks: 16 },
        }),
    ],
    [
      "a custom storage class",
      (c) => {
        c.loki.storage = { storageClass: "ssd-zrs", customStorageClass: true };
      },
    ],
    ...["dc_west", "us-east-1", "garage", "DC1", "eu_1-"].map((region): [string, (c: Loose) => void] => [
      `the region ${region}`,
      (c) => {
        c.objectStorage.region = region;
      },
    ]),
    [
      "a bucket with dots in the path",
      (c) => {
        c.objectStorage.bucket = "logs.prod-aks-a";
      },
    ],
    [
      "a region without zones",
      (c) => {
        c.nodePool.zones = [];
      },
    ],
    [
      "a second schema period in the future",
      (c) => {
        c.loki.schema = [{ from: "2025-01-01" }, { from: "2999-01-01" }];
      },
    ],
    [
      "an existing pool selected by AKS's own label",
      (c) => existingPool(c, { label: { key: "agentpool", value: "log" } }),
    ],
    ...(
      [
        ["kubernetes.azure.com/agentpool", "log"],
        ["node.kubernetes.io/instance-type", "Standard_D4s_v5"],
        ["topology.kubernetes.io/zone", "westeurope-1"],
        ["karpenter.sh/nodepool", "logging"],
        ["kubernetes.io/arch", "arm64"],
        ["kubernetes.azure.com/os-sku", "AzureLinux"],
        ["kubernetes.io/os", "linux"],
      ] as const
    ).map(([key, value]): [string, (c: Loose) => void] => [
      `an existing pool selected by ${key}=${value}`,
      (c) => existingPool(c, { label: { key, value } }),
    ]),
    [
      "no pool",
      (c) => {
        c.nodePool = { mode: "none" };
      },
    ],
    [
      "a cluster by kubeconfig with an existing pool, without Azure",
      (c) => {
        delete c.cluster.resourceId;
        c.access = { method: "kubeconfig", path: "k", context: "x" };
        existingPool(c);
      },
    ],
    [
      "an existing bucket with a user named as this project names it",
      (c) => {
        c.objectStorage.mode = "existing";
        c.objectStorageAccessKey = "loki-prod-aks-a-1";
        c.objectStorageSecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";
      },
    ],
    [
      "references to Secrets and to the environment in the values",
      (c) => {
        c.loki.values = {
          gateway: { extraEnvFrom: [{ secretRef: { name: "mine" } }] },
          loki: { storage: { s3: { secretAccessKey: "${OTHER_KEY}" } } },
          write: {
            extraEnv: [{ name: "OTHER_KEY", valueFrom: { secretKeyRef: { name: "other", key: "secretKey" } } }],
          },
        };
      },
    ],
  ];
  for (const [what, change] of ACCEPTED) {
    it(what, async () => {
      const secretKeys = ["objectStorageSecretKey"];
      assert.equal((await refusal(stackFile(change, { secretKeys })))?.message, undefined);
    });
  }
});

describe("a config is accepted with a warning for", () => {
  const WARNED: Array<[string, (c: Loose) => void, RegExp]> = [
    [
      "no node pool",
      (c) => {
        c.nodePool = { mode: "none" };
      },
      /nodePool\.mode is none/,
    ],
    [
      "an existing pool of unknown size",
      (c) => existingPool(c, { capacity: undefined }),
      /nodePool\.capacity is not given/,
    ],
    ...(
      [
        ["kubernetes.azure.com/scalesetpriority", "spot", /selects spot nodes\. .*30 seconds/],
        ["kubernetes.azure.com/priority", "spot", /selects spot nodes/],
        ["karpenter.sh/capacity-type", "spot", /selects spot nodes/],
        ["kubernetes.azure.com/mode", "system", /selects the system pools\. .*CoreDNS/],
      ] as const
    ).map(([key, value, warning]): [string, (c: Loose) => void, RegExp] => [
      `an existing pool selected by ${key}=${value}`,
      (c) => existingPool(c, { label: { key, value }, taint: { key: "CriticalAddonsOnly", effect: "NoSchedule" } }),
      warning,
    ]),
    ...(
      [
        ["Ubuntu2204", /AKS ends it on 2027-06-30.* Kubernetes 1\.36\. Before that, write Ubuntu or Ubuntu2404/],
        ["Ubuntu2404", /AKS ends it with Kubernetes 1\.38/],
        ["AzureLinux3", /AKS ends it with Kubernetes 1\.36, in June 2027.* write AzureLinux/],
      ] as const
    ).map(([osSku, warning]): [string, (c: Loose) => void, RegExp] => [
      `the image family ${osSku}`,
      (c) => {
        c.nodePool.osSku = osSku;
      },
      warning,
    ]),
    [
      "Azure's policy engine, which ends",
      (c) => {
        c.network.policyEngine = "azure";
      },
      /policyEngine is azure: .*Linux nodes until 2028-09-30\. .*--network-dataplane cilium.*migrate-from-npm-to-cilium/,
    ],
    [
      "no MinIO addresses",
      (c) => {
        delete c.objectStorage.cidrs;
      },
      /objectStorage\.cidrs is not given: Loki may reach any address on port 9000/,
    ],
    [
      "a bucket with dots in the host's name",
      (c) => Object.assign(c.objectStorage, { bucket: "logs.prod-aks-a", pathStyle: false }),
      /a certificate for \*\.minio\.internal\.company does not cover logs\.prod-aks-a\.minio\.internal\.company/,
    ],
    [
      "no network policy engine",
      (c) => {
        c.network.policyEngine = "none";
      },
      /network\.policyEngine is none: .* enforces none/,
    ],
  ];
  for (const [what, change, warning] of WARNED) {
    it(what, async () => {
      const all = (await plan(stackFile(change))).warnings;
      const warnings = all.filter((text) => text !== NOBODY_IS_ALERTED);
      assert.equal(warnings.length, 1, warnings.join("; "));
      assert.match(warnings[0] ?? "", warning);
    });
  }
});

// Fixes that name a value. describeMistakes writes it into the config and expects the error to be gone.
import type { Loose } from "../../../harness/manifest.ts";
import { describeMistakes, existingPool, type Mistake } from "./mistakes.ts";

/** A mistake at a key path, and the whole fix. */
const wrong = (path: string, given: unknown, fix: string, change: (c: Loose) => void = () => {}): Mistake => ({
  what: `${path}: ${JSON.stringify(given)}`,
  change: (c) => {
    change(c);
    const keys = path.split(/[.[\]]+/).filter(Boolean);
    const key = keys.pop() ?? "";
    const group = keys.reduce<Loose>((value, name) => {
      value[name] ??= {};
      return value[name];
    }, c);
    group[key] = given;
  },
  path,
  given,
  allowed: /./,
  fix: new RegExp(`^${fix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`),
});

describeMistakes("a word for true or false", [
  ...["on", "yes", "Y", "True", "ON", "1", "true"].map((word) => wrong("objectStorage.pathStyle", word, "write true")),
  ...["off", "no", "N", "False", "0"].map((word) => wrong("objectStorage.pathStyle", word, "write false")),
  wrong("objectStorage.pathStyle", 1, "write true"),
  wrong("objectStorage.pathStyle", "path", "write true or false"),
]);

describeMistakes("a number", [
  wrong("loki.write.replicas", "3", "write it without quotes: 3"),
  wrong("loki.limits.maxStreams", "20,000", "write it without quotes: 20000"),
  wrong("loki.limits.maxStreams", "20_000", "write it without quotes: 20000"),
  wrong("loki.limits.perStreamRateMb", "5.5", "write it without quotes: 5.5"),
  wrong("loki.write.replicas", "three", "write a number"),
  wrong("loki.retentionHours", "14d", "write a number"),
  wrong("loki.write.replicas", null, "write a number, or remove the key"),
  wrong("loki.limits", null, "write a map of keys, or remove the key"),
]);

describeMistakes("a text", [
  wrong("nodePool.tags.cost", 34, 'quote it: "34"'),
  wrong("nodePool.tags.cost", true, 'quote it: "true"'),
  wrong("nodePool.tags.version", 1.1, 'quote it, with every digit as you wrote it: "1.1"'),
  wrong("nodePool.label.value", true, 'quote it: "true"', existingPool),
  wrong("network.readerNamespaces", "monitoring", 'write it as a list: ["monitoring"]'),
  wrong("network.policyEngine", "Cilium", "did you mean cilium? see network in docs/arguments.md"),
]);

const MINIO = "https://minio.internal.company:9000";
describeMistakes("an address of MinIO", [
  ...[
    "minio.internal.company:9000/foo",
    "minio.internal.company:9000/",
    "HTTPS://minio.internal.company:9000/foo?x=1#y",
    "https:/minio.internal.company:9000",
    "https:minio.internal.company:9000",
    "//minio.internal.company:9000",
    "https://minio.internal.company:9000/loki-prod-aks-a",
    "https://minio.internal.company:9000/?region=x",
    "https://minio.internal.company:9000///",
  ].map((endpoint) => wrong("objectStorage.endpoint", endpoint, `write ${MINIO}`)),
  wrong("objectStorage.endpoint", "minio/foo", "write https://minio"),
  wrong("objectStorage.endpoint", "http:minio:9000/x", "write http://minio:9000", (c) => {
    Object.assign(c.objectStorage, { allowPlainHttp: true });
    delete c.objectStorage.caFile;
  }),
  wrong("objectStorage.endpoint", "s3://loki", `write https://, MinIO's host and its port: ${MINIO}`),
  wrong("objectStorage.endpoint", "https://", `write https://, MinIO's host and its port: ${MINIO}`),
  wrong("objectStorage.cidrs[0]", "10.20.0.10", "write 10.20.0.10/32; the prefix length 32 is a single address"),
]);

describeMistakes("an address of a registry", [
  ...[
    "MyRegistry.azurecr.io",
    "https://MyRegistry.azurecr.io",
    "https://myregistry.azurecr.io/",
    "myregistry.azurecr.io//",
    "oci://myregistry.azurecr.io",
  ].map((registry) => wrong("images.registry", registry, "write myregistry.azurecr.io")),
  wrong("images.registry", "MyRegistry.azurecr.io/Mirror:latest", "write myregistry.azurecr.io/mirror"),
  wrong("images.registry", "harbor.company:8443/Proxy/", "write harbor.company:8443/proxy"),
  wrong("images.registry", "my registry", "write what `az acr show --query loginServer -o tsv` prints"),
]);

const ID =
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-prod-aks-a/providers/Microsoft.ContainerService/managedClusters/prod-aks-a";
describeMistakes("the ID of a cluster", [
  ...[`https://portal.azure.com/#@company.com/resource${ID}/overview`, `${ID}/`, `id: ${ID}`].map((id) =>
    wrong("cluster.resourceId", id, `write ${ID}`),
  ),
]);

describeMistakes("what the engine makes of a date without quotes", [
  wrong("loki.schema[0].from", "2025-01-01 00:00:00 +0000 UTC", 'quote it: "2025-01-01"', (c) => {
    c.loki.schema = [{}];
  }),
  wrong("nodePool.tags.since", "2025-01-01 12:30:00 +0200 +0200", 'quote it: "2025-01-01 12:30:00"'),
]);

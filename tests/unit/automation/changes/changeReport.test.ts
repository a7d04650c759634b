// The change report's pure parts: what differs, what it means, and how it is said.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { changeReport, reportJson } from "../../../../automation/changes/changeReport.ts";
import { fieldChanges } from "../../../../automation/changes/fieldChanges.ts";
import { lokiMeanings } from "../../../../automation/changes/lokiMeanings.ts";
import { type ObjectChange, type ReleaseChange, releaseChanges } from "../../../../automation/changes/objectChanges.ts";
import { objectMeanings } from "../../../../automation/changes/objectMeanings.ts";
import { checkFailOn, verdictProblem } from "../../../../automation/changes/publish.ts";
import { reportMarkdown, reportText } from "../../../../automation/changes/reportText.ts";
import { resourceChanges } from "../../../../automation/changes/resourceChanges.ts";
import { resourceMeanings } from "../../../../automation/changes/resourceMeanings.ts";
import type { Manifest } from "../../../../automation/plan/helmTemplate.ts";
import type { PlannedResource } from "../../../../automation/plan/offlinePlan.ts";
import type { RenderedRelease } from "../../../../automation/plan/renderStack.ts";
import { CHANGED_SECRET, SECRET } from "../../../../automation/plan/secretMarks.ts";
import type { Loose } from "../../../harness/manifest.ts";

const paths = (before: unknown, after: unknown): string[] => fieldChanges(before, after).map(({ path }) => path);

describe("fields that differ", () => {
  it("go by name in lists of named things, whatever the order", () => {
    const container = (name: string, image: string) => ({ name, image, env: [{ name: "A", value: "1" }] });
    assert.deepEqual(
      fieldChanges(
        { spec: { containers: [container("nginx", "1"), container("exporter", "1")] } },
        { spec: { containers: [container("new", "1"), container("nginx", "2"), container("exporter", "1")] } },
      ).map(({ op, path }) => `${op} ${path}`),
      ["changed spec.containers[nginx].image", "added spec.containers[new]"],
    );
    assert.deepEqual(paths([{ name: "a" }, { name: "b" }], [{ name: "b" }, { name: "a" }]), ["[order]"]);
  });

  it("of volume claims go by the name in their metadata, of mounts by their path, of schema periods by their day", () => {
    const claims = (size: string) => [{ metadata: { name: "data" }, spec: { size } }];
    assert.deepEqual(paths({ c: claims("1Gi") }, { c: claims("2Gi") }), ["c[data].spec.size"]);
    const mounts = (name: string) => [
      { name: "x", mountPath: "/a" },
      { name, mountPath: "/b" },
    ];
    assert.deepEqual(paths({ m: mounts("x") }, { m: mounts("y") }), ["m[/b].name"]);
    assert.deepEqual(
      paths({ s: [{ from: "2025-01-01", schema: "v12" }] }, { s: [{ from: "2025-01-01", schema: "v13" }] }),
      ["s[2025-01-01].schema"],
    );
  });

  it("are lines in lists of texts and in files, and fields in files of YAML", () => {
    assert.deepEqual(fieldChanges({ args: ["-a", "-b"] }, { args: ["-a", "-c", "-b"] })[0]?.lines, ["+-c"]);
    const file = (a: number) => ({
      data: { "config.yaml": stringify({ limits: { a, b: 2 } }), "x.conf": `one\n${a}\n` },
    });
    const [config, text] = fieldChanges(file(1), file(2));
    assert.deepEqual(config, { path: 'data."config.yaml".limits.a', op: "changed", before: 1, after: 2 });
    assert.deepEqual(text, { path: 'data."x.conf"', op: "changed", lines: ["-1", "+2"] });
    assert.deepEqual(
      fieldChanges({ data: { "c.yaml": "a: 1\n# old\n" } }, { data: { "c.yaml": "a: 1\n# new\n" } })[0]?.lines,
      ["-# old", "+# new"],
      "a comment changes the checksum all the same",
    );
  });

  it("are none where nothing differs", () => {
    for (const value of [null, {}, { a: [1, { b: null }] }, { t: "a\nb\n" }, { l: ["x"] }])
      assert.deepEqual(fieldChanges(value, structuredClone(value)), []);
  });

  it("never show a secret, and still say that it is another one", () => {
    const env = (value: string) => ({ env: [{ name: "MINIO_SECRET_KEY", value }] });
    assert.deepEqual(fieldChanges(env("abcdefgh1"), env("abcdefgh2")), [
      { path: "env[MINIO_SECRET_KEY].value", op: "changed", before: SECRET, after: CHANGED_SECRET },
    ]);
    assert.deepEqual(fieldChanges({ data: { x: "b25l" } }, { data: { x: "dHdv", y: "dHdv" } }, ["data"]), [
      { path: "data.x", op: "changed", before: SECRET, after: CHANGED_SECRET },
      { path: "data.y", op: "added", after: SECRET },
    ]);
    const texts = [
      fieldChanges({ c: "a\npassword = hunter2hunter2\n" }, { c: "a\npassword = hunter3hunter3\n" }),
      fieldChanges({ url: "https://u:hunter2@host" }, { url: "https://u:hunter3@host" }),
      fieldChanges({}, { values: { a: { token: "hunter2", n: 1 } } }),
      fieldChanges({ s: "[secret 00aa11]" }, { s: "[secret 22bb33]" }),
      fieldChanges({ data: { "c.conf": "x\n" } }, { data: { "c.conf": "hunter2\n" } }, ["data"]),
      fieldChanges({ data: { "c.conf": "x\ny\n" } }, { data: { "c.conf": "x\nhunter2\n" } }, ["data"]),
    ].map((changes) => JSON.stringify(changes));
    for (const text of texts) {
      assert.match(text, /\[secret/);
      assert.doesNotMatch(text, /hunter|00aa11|22bb33/);
    }
  });
});

const planned = (type: string, name: string, inputs: Record<string, unknown>, more: Partial<PlannedResource> = {}) =>
  ({ type, name, inputs, protect: false, dependsOn: [], ignoreChanges: [], ...more }) satisfies PlannedResource;
const SECRET_TYPE = "kubernetes:core/v1:Secret";

describe("resources that differ", () => {
  it("are deleted, replaced, updated or created, in this order and with the reason", () => {
    const before = [
      planned("minio:index/s3Bucket:S3Bucket", "bucket", { bucket: "a", acl: "private" }, { protect: true }),
      planned("kubernetes:core/v1:ConfigMap", "gone", {}),
      planned("kubernetes:core/v1:ConfigMap", "kept", { data: { a: "1" } }),
      planned(SECRET_TYPE, "keys", { immutable: true, stringData: "[secret 000001]" }),
      planned("azure-native:containerservice:AgentPool", "pool", { count: 3, tags: {} }, { ignoreChanges: ["count"] }),
    ];
    const after = [
      planned("minio:index/s3Bucket:S3Bucket", "bucket", { bucket: "b", acl: "private" }, { protect: true }),
      planned("kubernetes:core/v1:ConfigMap", "kept", { data: { a: "2" } }),
      planned("kubernetes:core/v1:ConfigMap", "new", {}),
      planned(SECRET_TYPE, "keys", { immutable: true, stringData: "[secret 000002]" }),
      planned("azure-native:containerservice:AgentPool", "pool", { count: 4, tags: {} }, { ignoreChanges: ["count"] }),
    ];
    assert.deepEqual(
      resourceChanges(before, after).map(({ op, name, reason }) => [op, name, reason]),
      [
        ["delete", "gone", "no longer in the program"],
        ["replace", "bucket", "bucket cannot be changed in place"],
        ["replace", "keys", "stringData cannot be changed in place"],
        ["update", "kept", undefined],
        ["create", "new", undefined],
      ],
    );
    assert.deepEqual(resourceChanges(before, before), []);
  });

  it("include one that is no longer protected", () => {
    const bucket = (protect: boolean) => [planned("minio:index/s3Bucket:S3Bucket", "bucket", {}, { protect })];
    const changes = resourceChanges(bucket(true), bucket(false));
    assert.deepEqual(
      resourceMeanings(changes).map(({ level, text }) => [level, text]),
      [["disruptive", "no longer protected: a later change may delete it"]],
    );
  });

  /** What the change of one resource means. */
  const meanings = (before: PlannedResource | undefined, after: PlannedResource | undefined) =>
    resourceMeanings(resourceChanges(before ? [before] : [], after ? [after] : []));

  it("are destructive where data goes with them", () => {
    const namespace = (name: string) => planned("kubernetes:core/v1:Namespace", "ns", { metadata: { name } });
    const release = (namespace: string) =>
      planned("kubernetes:helm.sh/v3:Release", "loki", { name: "loki", namespace });
    const provider = (id: string) => planned("pulumi:providers:kubernetes", "kubernetes", { clusterIdentifier: id });
    for (const [before, after] of [
      [namespace("a"), undefined],
      [namespace("a"), namespace("b")],
      [release("a"), release("b")],
      [provider("a"), provider("b")],
      [planned("minio:index/s3Bucket:S3Bucket", "bucket", {}), undefined],
    ] as const)
      assert.equal(meanings(before, after)[0]?.level, "destructive", JSON.stringify(before));
  });

  it("are disruptive where rights, nodes or a release go", () => {
    for (const [before, after] of [
      [
        planned("minio:index/iamPolicy:IamPolicy", "p", { policy: "a" }),
        planned("minio:index/iamPolicy:IamPolicy", "p", { policy: "b" }),
      ],
      [planned("kubernetes:helm.sh/v3:Release", "alloy", { name: "alloy" }), undefined],
      [planned("azure-native:containerservice:AgentPool", "pool", {}), undefined],
      [planned("kubernetes:networking.k8s.io/v1:NetworkPolicy", "np", {}), undefined],
    ] as const)
      assert.deepEqual(
        meanings(before, after).map(({ level }) => level),
        ["disruptive"],
        JSON.stringify(before),
      );
  });

  it("are safe where nothing is lost", () => {
    const policy = (a: number) => planned("kubernetes:networking.k8s.io/v1:NetworkPolicy", "np", { spec: { a } });
    assert.deepEqual(
      meanings(policy(1), policy(2)).map(({ level }) => level),
      ["safe"],
    );
    assert.deepEqual(meanings(undefined, policy(1)), []);
  });
});

const manifest = (kind: string, name: string, rest: Loose = {}): Manifest => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace: "logging" },
  ...rest,
});
const releaseOf = (...objects: Manifest[]): RenderedRelease[] => [
  { name: "loki", namespace: "logging", chart: "loki", version: "1.0.0", objects },
];
const changeOf = (before: Manifest | undefined, after: Manifest | undefined): ReleaseChange => {
  const [change] = releaseChanges(releaseOf(...(before ? [before] : [])), releaseOf(...(after ? [after] : [])));
  return change ?? { name: "loki", objects: [] };
};
/** Meanings of one changed object as `level: text`. */
const said = (before: Manifest | undefined, after: Manifest | undefined): string[] =>
  objectMeanings(changeOf(before, after)).map(({ level, text }) => `${level}: ${text}`);

describe("objects of a release that differ", () => {
  const set = (spec: Loose, template: Loose = {}) =>
    manifest("StatefulSet", "loki-write", {
      spec: {
        replicas: 3,
        serviceName: "write",
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
        ...spec,
        template,
      },
    });
  const image = (tag: string) => ({ spec: { containers: [{ name: "loki", image: `loki:${tag}` }] } });

  it("restart pods only where the pods themselves change", () => {
    assert.deepEqual(said(set({}, image("1")), set({}, image("2"))), [
      "restarts: 3 pods restart, one after the other: image",
    ]);
    assert.deepEqual(said(set({ minReadySeconds: 1 }), set({ minReadySeconds: 2 })), []);
    assert.deepEqual(
      said(
        set({ updateStrategy: { type: "OnDelete" } }, image("1")),
        set({ updateStrategy: { type: "OnDelete" } }, image("2")),
      ),
      ["safe: pods change only when somebody deletes them (OnDelete): image"],
    );
    const agent = (tag: string) =>
      manifest("DaemonSet", "alloy", {
        spec: { template: image(tag), updateStrategy: { rollingUpdate: { maxUnavailable: "20%" } } },
      });
    assert.deepEqual(said(agent("1"), agent("2")), ["restarts: its pod restarts on every node, 20% at once: image"]);
  });

  it("leave nobody to answer where the only pod restarts, unless it is a cache", () => {
    const only = (tag: string, component: string, strategy?: Loose) =>
      manifest("Deployment", "gateway", {
        spec: {
          replicas: 1,
          strategy,
          template: { metadata: { labels: { "app.kubernetes.io/component": component } }, ...image(tag) },
        },
      });
    assert.deepEqual(said(only("1", "gateway"), only("2", "gateway")), [
      "disruptive: 1 pod restarts: nobody answers meanwhile: image",
    ]);
    assert.deepEqual(said(only("1", "memcached-chunks-cache"), only("2", "memcached-chunks-cache")), [
      "restarts: 1 pod restarts: image",
    ]);
    const recreate = (tag: string) => {
      const one = only(tag, "read", { type: "Recreate" }) as Loose;
      return { ...one, spec: { ...one.spec, replicas: 3 } };
    };
    assert.match(said(recreate("1"), recreate("2"))[0] ?? "", /^disruptive: 3 pods restart, all at once/);
  });

  it("fail the upgrade where the API server refuses the change", () => {
    const refused = (before: Manifest, after: Manifest) => {
      const [first] = objectMeanings(changeOf(before, after));
      assert.equal(first?.level, "disruptive");
      assert.match(first?.text ?? "", /^the upgrade will fail: /);
      return first?.fix ?? "";
    };
    assert.equal(
      refused(set({}), set({ serviceName: "other" })),
      "right before the deploy: kubectl -n logging delete statefulset loki-write --cascade=orphan",
    );
    refused(set({ podManagementPolicy: "Parallel" }), set({ podManagementPolicy: "OrderedReady" }));
    for (const kind of ["StatefulSet", "Deployment", "DaemonSet"]) {
      const selecting = (app: string) => manifest(kind, "w", { spec: { selector: { matchLabels: { app } } } });
      refused(selecting("a"), selecting("b"));
    }
    const headless = (clusterIP?: string) => manifest("Service", "s", { spec: { ...(clusterIP && { clusterIP }) } });
    assert.equal(refused(headless(), headless("None")), "right before the deploy: kubectl -n logging delete service s");
    const job = (tag: string) => manifest("Job", "j", { spec: { template: image(tag) } });
    refused(job("1"), job("2"));
    const binding = (name: string) => manifest("RoleBinding", "r", { roleRef: { name } });
    refused(binding("a"), binding("b"));
    const config = (a: string) => manifest("ConfigMap", "c", { immutable: true, data: { a } });
    refused(config("1"), config("2"));
  });

  it("grow volumes by hand, and never shrink them", () => {
    const sized = (storage: string) =>
      set({ volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { resources: { requests: { storage } } } }] });
    const fix = (a: string, b: string) => objectMeanings(changeOf(sized(a), sized(b)))[0]?.fix ?? "";
    assert.match(
      fix("50Gi", "1Ti"),
      /^for claim in data-loki-write-0 data-loki-write-1 data-loki-write-2; do kubectl -n logging patch pvc/,
    );
    assert.equal(fix("50Gi", "10Gi"), "volumes cannot shrink: leave the size as it is");
  });

  it("delete volumes where the policy says so, and only there", () => {
    const policy = (when: Loose) => ({ persistentVolumeClaimRetentionPolicy: when });
    assert.deepEqual(said(set({}), set({ replicas: 2 })), [
      "restarts: 3 → 2 pods; the volumes of 1 pod stay and go on costing",
    ]);
    assert.deepEqual(
      said(set(policy({ whenScaled: "Delete" })), set({ ...policy({ whenScaled: "Delete" }), replicas: 1 })),
      ["destructive: 3 → 1 pod; the volumes of 2 pods are deleted (whenScaled: Delete)"],
    );
    assert.deepEqual(said(set(policy({ whenDeleted: "Delete" })), undefined), [
      "destructive: removed, and 3 volumes with it (whenDeleted: Delete)",
    ]);
    assert.deepEqual(said(set({}), undefined), ["disruptive: removed; 3 volumes of it stay"]);
    assert.deepEqual(said(set(policy({ whenDeleted: "Retain" })), set(policy({ whenDeleted: "Delete" }))), [
      "disruptive: from now on its volumes are deleted with it (whenDeleted: Delete)",
    ]);
    assert.deepEqual(said(set({}), set({ replicas: 5 })), ["safe: 3 → 5 pods"]);
    assert.deepEqual(said(set({}), set({ replicas: 0 })), ["disruptive: 3 → 0 pods: nobody does its work any more"]);
  });

  it("that are removed are as bad as what they held", () => {
    const level = (kind: string, name = "x") => said(manifest(kind, name), undefined)[0]?.split(":")[0];
    assert.deepEqual(
      ["PersistentVolumeClaim", "CustomResourceDefinition", "Service", "PodDisruptionBudget", "Deployment"].map((k) =>
        level(k),
      ),
      ["destructive", "destructive", "disruptive", "disruptive", "disruptive"],
    );
    assert.equal(level("StatefulSet", "loki-chunks-cache"), "restarts");
    assert.deepEqual(said(manifest("ConfigMap", "x"), undefined), []);
  });

  it("take a Service away from those who know it by its port", () => {
    const service = (port: number, more: Loose[] = []) =>
      manifest("Service", "s", { spec: { ports: [{ name: "http", port, targetPort: "x" }, ...more] } });
    assert.deepEqual(said(service(80), service(81)), [
      "disruptive: whoever uses it gets no answer until told of spec.ports[http].port (80 → 81)",
    ]);
    assert.deepEqual(said(service(80), service(80, [{ name: "grpc", port: 90 }])), []);
    assert.equal(said(service(80, [{ name: "grpc", port: 90 }]), service(80)).length, 1);
  });

  it("say which hook jobs run, and when", () => {
    const job = (hook: string, tag: string) =>
      manifest("Job", "migrate", {
        metadata: { name: "migrate", annotations: { "helm.sh/hook": hook } },
        spec: { template: image(tag) },
      });
    assert.deepEqual(said(undefined, job("pre-upgrade,post-delete", "1")), [
      "safe: a hook that is added and runs at pre-upgrade",
    ]);
    assert.deepEqual(said(job("pre-upgrade", "1"), job("pre-upgrade", "2")), [
      "safe: a hook that is changed and runs at pre-upgrade",
    ]);
    assert.deepEqual(said(undefined, job("test", "1")), []);
    assert.equal(changeOf(undefined, job("pre-upgrade", "1")).objects[0]?.hook, "pre-upgrade");
  });

  it("say when a config changes and nobody restarts for it", () => {
    const config = (a: string) => manifest("ConfigMap", "alloy", { data: { a } });
    assert.match(said(config("1"), config("2"))[0] ?? "", /^safe: no pod restarts for it/);
    const [change] = releaseChanges(
      releaseOf(config("1"), set({}, image("1"))),
      releaseOf(config("2"), set({}, image("2"))),
    );
    assert.ok(!objectMeanings(change as ReleaseChange).some(({ text }) => /no pod restarts/.test(text)));
  });
});

describe("Loki's config", () => {
  const TODAY = new Date("2026-06-01");
  const period = (from: string) => ({
    from,
    store: "tsdb",
    object_store: "s3",
    schema: "v13",
    index: { prefix: "i_", period: "24h" },
  });
  const BASE = {
    auth_enabled: false,
    common: { storage: { s3: { bucketnames: "loki-a", endpoint: "https://minio:9000" } } },
    compactor: { retention_enabled: true },
    limits_config: {
      retention_period: "336h",
      max_query_lookback: "336h",
      reject_old_samples_max_age: "168h",
      deletion_mode: "disabled",
      ingestion_rate_mb: 50,
    },
    schema_config: { configs: [period("2025-01-01")] },
  };
  const meanings = (change: (config: Loose) => void, from: Loose = BASE) => {
    const config = structuredClone(from);
    change(config);
    const map = (value: Loose) => manifest("ConfigMap", "loki", { data: { "config.yaml": stringify(value) } });
    return lokiMeanings(changeOf(map(from), map(config)), TODAY).map(({ level, subject }) => `${level} ${subject}`);
  };
  const limit = (key: string, value: unknown) => (config: Loose) => {
    config.limits_config[key] = value;
  };

  it("deletes lines where the retention gets shorter or begins", () => {
    assert.deepEqual(meanings(limit("retention_period", "7d")), ["destructive retention"]);
    assert.deepEqual(meanings(limit("retention_period", "15d")), ["safe retention"]);
    assert.deepEqual(meanings(limit("retention_period", "0s")), ["safe retention"], "0 is for ever");
    assert.deepEqual(meanings(limit("retention_period", "14d")), [], "the same in other words");
    const endless = structuredClone(BASE);
    endless.compactor.retention_enabled = false;
    assert.deepEqual(
      meanings((c) => {
        c.compactor.retention_enabled = true;
      }, endless),
      ["destructive retention"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.compactor.retention_enabled = false;
      }),
      ["safe retention"],
    );
  });

  it("makes lines unreadable where their schema, bucket or tenant changes", () => {
    const schema = (...days: string[]) =>
      meanings((c) => {
        c.schema_config.configs = days.map(period);
      });
    assert.deepEqual(schema("2025-02-01"), ["destructive Loki's schema, loki.schema[0]"]);
    assert.deepEqual(schema("2025-01-01", "2026-05-01"), ["destructive Loki's schema, loki.schema[1].from"]);
    assert.deepEqual(schema("2025-01-01", "2026-06-02"), ["safe Loki's schema"]);
    assert.deepEqual(
      meanings((c) => {
        c.schema_config.configs[0].schema = "v12";
      }),
      ["destructive Loki's schema, loki.schema[0]"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.common.storage.s3.bucketnames = "b";
      }),
      ["destructive Loki's bucket"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.common.storage.s3.endpoint = "https://other";
      }),
      ["disruptive MinIO's address"],
    );
    assert.deepEqual(
      meanings((c) => {
        c.auth_enabled = true;
      }),
      ["destructive Loki's tenants"],
    );
  });

  it("says what becomes of lines that come late, and of those that may be deleted", () => {
    assert.deepEqual(meanings(limit("max_query_lookback", "24h")), ["disruptive max_query_lookback"]);
    assert.deepEqual(meanings(limit("reject_old_samples_max_age", "1h")), ["disruptive reject_old_samples_max_age"]);
    assert.deepEqual(meanings(limit("deletion_mode", "filter-and-delete")), ["disruptive deletion_mode"]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 10)), ["restarts ingestion_rate_mb"]);
    assert.deepEqual(meanings(limit("ingestion_rate_mb", 100)), []);
  });
});

describe("the report", () => {
  const report = (objects: Array<[Manifest | undefined, Manifest | undefined]>, warnings: string[] = []) => {
    const side = (i: 0 | 1) => ({
      resources: [],
      releases: releaseOf(...objects.map((pair) => pair[i]).filter((o) => o !== undefined)),
    });
    return changeReport({ stack: "a", base: "main", resources: [], before: side(0), after: side(1), warnings });
  };
  const labelled = (n: number, version: string) =>
    manifest("ConfigMap", `c${n}`, { metadata: { name: `c${n}`, labels: { "helm.sh/chart": version } } });
  const many = (n: number) =>
    report(Array.from({ length: n }, (_, i) => [labelled(i, "loki-1"), labelled(i, "loki-2")]));

  it("says once what changes alike in many objects", () => {
    const markdown = reportMarkdown(many(20));
    assert.match(markdown, /^# ~ in 20 objects alike\n- metadata\.labels\."helm\.sh\/chart": loki-1\n\+ .*: loki-2$/m);
    assert.doesNotMatch(markdown, /ConfigMap c1/);
    assert.match(reportMarkdown(many(2)), /ConfigMap c1/);
  });

  it("stays within its length, and says what it left out", () => {
    const long = report(
      Array.from({ length: 400 }, (_, i) => [undefined, manifest("ConfigMap", `config-map-with-a-name-${i}`)]),
    );
    const markdown = reportMarkdown(long, 2_000);
    assert.ok(markdown.length <= 2_000, `${markdown.length}`);
    const shown = markdown.match(/^# \+ ConfigMap/gm)?.length ?? 0;
    assert.ok(shown > 10, "what fits is shown");
    assert.ok(markdown.includes(`_Left out for length: ${400 - shown} objects; `), markdown.slice(-200));
    assert.doesNotMatch(reportMarkdown(long), /Left out/);
    const wide = report([
      [
        manifest("ConfigMap", "c", { data: { f: Array.from({ length: 100 }, (_, i) => `old ${i}`).join("\n") } }),
        manifest("ConfigMap", "c", { data: { f: Array.from({ length: 100 }, (_, i) => `new ${i}`).join("\n") } }),
      ],
    ]);
    assert.match(reportMarkdown(wide), /… 171 lines left out/);
    assert.equal(
      JSON.parse(reportJson(wide)).releases[0].objects[0].fields[0].lines.length,
      200,
      "the JSON has them all",
    );
  });

  it("stays within its length also where everything is heavy, and shows the heaviest", () => {
    const value = (tag: string) => `${tag} ${"x".repeat(2_000)}`;
    const service = (i: number, tag: string) =>
      manifest("Service", `s${i}`, { spec: { type: value(tag), ports: [{ name: "a", port: i }] } });
    const heavy = report(
      [
        ...Array.from({ length: 300 }, (_, i): [Manifest, Manifest] => [service(i, "1"), service(i, "2")]),
        [manifest("PersistentVolumeClaim", "p"), undefined],
      ],
      Array.from({ length: 300 }, (_, i) => `warning ${i}\n${value("w")}`),
    );
    const markdown = reportMarkdown(heavy);
    assert.ok(markdown.length <= 60_000, `${markdown.length}`);
    assert.match(markdown, /^- \*\*destructive\*\* PersistentVolumeClaim p: /m);
    assert.match(markdown, /^- … and 261 more, none heavier$/m);
    assert.match(markdown, /<details><summary>Helm release loki/);
    assert.equal(reportMarkdown(heavy), markdown, "the same from run to run");
  });

  it("cannot be broken out of by what a manifest holds", () => {
    const nasty = report([
      [
        manifest("ConfigMap", "c", { data: { f: "a\n" } }),
        manifest("ConfigMap", "c", { data: { f: "````\n</details>\n# x\n" } }),
      ],
    ]);
    const markdown = reportMarkdown(nasty);
    const fence = /^(`+)diff$/m.exec(markdown)?.[1] ?? "";
    assert.ok(fence.length >= 5);
    const service = (type: string) => manifest("Service", "s", { spec: { type } });
    const tagged = reportMarkdown(report([[service("a"), service("<!-- </details>\n# x")]], ["<b>\n# y"]));
    assert.doesNotMatch(tagged.split("<details>")[0] ?? "", /^# |<b>|<\/details>|<!-- <\//m);
    assert.equal(markdown.split("\n").filter((line) => line === fence).length, 1);
  });

  it("takes the heaviest meaning as its verdict, and puts it first", () => {
    const set = (replicas: number, tag: string) =>
      manifest("StatefulSet", "s", { spec: { replicas, template: { tag } } });
    const mixed = report([
      [set(3, "1"), set(3, "2")],
      [manifest("PersistentVolumeClaim", "p"), undefined],
    ]);
    assert.equal(mixed.verdict, "destructive");
    assert.deepEqual(
      mixed.meanings.map(({ level }) => level),
      ["destructive", "restarts"],
    );
    assert.equal(report([]).changed, false);
    assert.equal(reportMarkdown(report([])), reportMarkdown(report([])));
  });

  it("is without colour codes where they are not wanted", () => {
    const text = reportText(many(1), false);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour code begins with.
    assert.doesNotMatch(text, /\u001b/);
    assert.match(text, /^a: safe$/m);
  });

  it("leaves whole objects out of its JSON, and no field", () => {
    const json = JSON.parse(reportJson(many(1)));
    assert.deepEqual(json.releases[0].objects[0], {
      op: "changed",
      release: "loki",
      kind: "ConfigMap",
      name: "c0",
      fields: [{ path: 'metadata.labels."helm.sh/chart"', op: "changed", before: "loki-1", after: "loki-2" }],
    } satisfies ObjectChange);
  });
});

describe("--fail-on", () => {
  const stopped = (verdict: "safe" | "restarts" | "disruptive" | "destructive", failOn?: string, accept = false) =>
    verdictProblem({ stack: "a", verdict }, checkFailOn(failOn), accept) !== undefined;

  it("stops at its level and above; destructive goes ahead only when it is said", () => {
    assert.equal(stopped("destructive"), false);
    assert.deepEqual(
      (["safe", "restarts", "disruptive", "destructive"] as const).map((verdict) => stopped(verdict, "disruptive")),
      [false, false, true, true],
    );
    assert.equal(stopped("disruptive", "destructive"), false);
    assert.equal(stopped("destructive", "destructive", true), false);
    assert.equal(stopped("disruptive", "disruptive", true), true, "the word is for destruction only");
  });

  it("refuses a level that does not exist", () => {
    assert.throws(() => checkFailOn("bad"), /--fail-on bad: allowed are restarts, disruptive, destructive/);
  });
});

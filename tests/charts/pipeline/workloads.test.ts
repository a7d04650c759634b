// The workload of a line, by the name of its pod, as Alloy derives it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ALLOY_PIPELINE } from "../../../components/alloy/pipeline.ts";
import { textFile } from "../../../components/textFile.ts";
import { NODE, processedLogs } from "../../harness/processedLogs.ts";
import { programMissing } from "../../harness/programs.ts";
import { folder } from "../runProgram.ts";

/** As Kubernetes makes names that are too long: 58 characters and 5 random ones. */
const cut = (prefix: string, random = "x7k2z"): string => `${prefix.slice(0, 58)}${random}`;
const long = (length: number): string =>
  "a-long-name-of-a-workload-that-somebody-chose-for-good-reason".slice(0, length);

/** Pods, and the workload that a reader expects. Without one, nothing is known of what created the pod. */
const PODS: ReadonlyArray<readonly [kind: string, pod: string, workload?: string]> = [
  ["ReplicaSet", "api-5d78c9869d-x7k2z", "api"],
  ["ReplicaSet, a hash of nine", "api-9dccdd5dc-x7k2z", "api"],
  ["ReplicaSet, a hash of eight", "api-bcdf4567-x7k2z", "api"],
  ["ReplicaSet, a hash of six", "api-9dccdd-x7k2z", "api"],
  ["ReplicaSet with dashes and dots", "shop.eu-api-v2-6d4b75cb6d-ztsp9", "shop.eu-api-v2"],
  ["ReplicaSet whose name ends like a hash", "api-5d78c9869d-6d4b75cb6d-x7k2z", "api-5d78c9869d"],
  ["ReplicaSet whose name ends like a random suffix", "proxy-https-6d4b75cb6d-x7k2z", "proxy-https"],
  ["ReplicaSet whose name ends like an ordinal", "api-2-6d4b75cb6d-x7k2z", "api-2"],
  ["ReplicaSet whose name ends like a time", "api-29123456-6d4b75cb6d-x7k2z", "api-29123456"],
  ["StatefulSet", "db-0", "db"],
  ["StatefulSet, a high ordinal", "db-1203", "db"],
  ["StatefulSet whose name ends like a hash", "db-5d78c9869d-0", "db-5d78c9869d"],
  ["StatefulSet whose name ends like a random suffix", "db-mssql-0", "db-mssql"],
  ["DaemonSet", "agent-x7k2z", "agent"],
  ["DaemonSet whose name ends like an ordinal", "agent-2-x7k2z", "agent-2"],
  ["DaemonSet whose name ends like a random suffix", "proxy-https-x7k2z", "proxy-https"],
  ["DaemonSet whose name has a word like a hash, with another letter", "agent-eecdb-x7k2z", "agent-eecdb"],
  ["Job", "migrate-x7k2z", "migrate"],
  ["Job, by index: each is a workload, as a DaemonSet may have this name", "migrate-3-x7k2z", "migrate-3"],
  ["CronJob", "backup-29123456-x7k2z", "backup"],
  ["CronJob, by index", "backup-29123456-3-x7k2z", "backup"],
  ["CronJob of an old Kubernetes", "backup-1611234560-x7k2z", "backup"],
  ["CronJob whose name ends like an ordinal", "backup-2-29123456-x7k2z", "backup-2"],
  ["a pod of the kubelet", `kube-proxy-${NODE}`, "kube-proxy"],
  ["a pod of the kubelet whose name ends like an ordinal", `etcd-2-${NODE}`, "etcd-2"],
  ["a bare pod", "debug"],
  ["a bare pod with dashes", "my-debug-shell"],
  ["a bare pod whose last word has a vowel", "my-nginx"],
  ["a pod of a CI runner", "runner-t1-project-1-concurrent-0-ab12cd34"],
  ["a pod of Argo Workflows", "hello-abcde-whalesay-1234567890"],
  ["a bare pod of one letter", "a"],
  [
    "a name of 253 characters",
    `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(59)}-0`,
    `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(59)}`,
  ],
  ["ReplicaSet, its hash just fits", `${long(46)}-6d4b75cb6d-x7k2z`, long(46)],
  ["ReplicaSet, the dash after its hash is cut", cut(`${long(47)}-6d4b75cb6d-`), long(47)],
  ["ReplicaSet, its hash is cut", cut(`${long(52)}-6d4b75cb6d-`), long(52)],
  ["ReplicaSet, one character of its hash is left", cut(`${long(56)}-6d4b75cb6d-`), long(56)],
  ["ReplicaSet, its hash is cut off", cut(`${long(57)}-6d4b75cb6d-`), long(57)],
  ["ReplicaSet, its name is cut", cut(`${long(61)}-6d4b75cb6d-`), long(58)],
  ["CronJob, its time is cut", cut(`${long(52)}-29123456-`), long(52)],
  ["DaemonSet, its name is cut", cut(`${long(60)}-`), long(58)],
];

describe("the workload of a pod", { skip: programMissing("alloy") }, () => {
  const run = (name: string, lines: Parameters<typeof processedLogs>[1], ended = 0n) =>
    processedLogs(textFile(ALLOY_PIPELINE), lines, { folder: join(folder, name), ended });

  it("is what created it, by Kubernetes' rules for names", async () => {
    const { lines } = await run(
      "names",
      PODS.map(([, pod]) => ({ body: pod, pod })),
    );
    assert.deepEqual(
      lines.map(({ body, resource, attributes }, i) => ({
        ...{ kind: PODS[i]?.[0], pod: body, workload: attributes.workload, service: resource["service.name"] },
      })),
      PODS.map(([kind, pod, workload]) => ({ kind, pod, workload: workload ?? pod, service: workload })),
    );
  });

  it("is the same for every pod of a roll-out", async () => {
    const hashes = Array.from({ length: 300 }, (_, i) => hashOf((i * 2_654_435_761) % 2 ** 32));
    const { lines } = await run(
      "hashes",
      hashes.map((hash) => ({ body: hash, pod: `api-${hash}-x7k2z` })),
    );
    // A hash of fewer than six characters comes up once in 40,000 roll-outs.
    const others = lines.filter(({ body, resource }) => body.length >= 6 && resource["service.name"] !== "api");
    assert.deepEqual(others, []);
  });

  it("is not added to lines that release 0.1 may have sent, and does not change their stream", async () => {
    const { lines } = await run(
      "upgrade",
      [99n, 100n].map((at) => ({ body: `at ${at}`, pod: "api-5d78c9869d-x7k2z", at })),
      100n,
    );
    assert.deepEqual(
      lines.map(({ attributes }) => attributes),
      [
        { stream: "stdout", service_name: "app" },
        { stream: "stdout", workload: "api" },
      ],
    );
  });
});

/** As Kubernetes writes a hash: each digit as another character. @see https://github.com/kubernetes/apimachinery/blob/v0.34.2/pkg/util/rand/rand.go */
const hashOf = (number: number): string =>
  String(number).replace(/\d/g, (digit) => "bcdfghjklmnpqrstvwxz2456789"[digit.charCodeAt(0) % 27] ?? "");

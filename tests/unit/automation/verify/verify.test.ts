// `npm run verify` against fakes that misbehave. The pipeline and cluster tiers run it against a real Loki.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stackSettings } from "../../../../automation/plan/stackSettings.ts";
import { type VerifyOptions, verifyStack } from "../../../../automation/verify/verifyStack.ts";
import { writeConfigFile } from "../../../harness/fakeCluster/configFile.ts";
import { type Behaviour, type FakeCluster, startFakeCluster } from "../../../harness/fakeCluster/fakeCluster.ts";

const folder = mkdtempSync(join(tmpdir(), "logging-verify-test-"));
const fakes: FakeCluster[] = [];
after(() => {
  for (const fake of fakes) fake.close();
  rmSync(folder, { recursive: true });
});

async function start(behaviour: Behaviour = {}): Promise<FakeCluster> {
  const fake = await startFakeCluster(behaviour);
  fakes.push(fake);
  return fake;
}

/** Verifies against fakes, until `enough` if that is given, and returns the result of each step. */
async function verified(
  behaviour: Behaviour,
  options: VerifyOptions = {},
  enough: (fake: FakeCluster) => boolean = () => false,
) {
  const fake = await start(behaviour);
  const { args } = await stackSettings("prod-aks-a", writeConfigFile(fake, folder));
  const ended = new AbortController();
  const looks = setInterval(() => enough(fake) && ended.abort(new Error("enough")), 50);
  const rows = await verifyStack(args, fake.kube, { cleanUpSeconds: 20, signal: ended.signal, ...options });
  clearInterval(looks);
  return {
    fake,
    rows,
    outcomes: Object.fromEntries(rows.map(({ step, outcome }) => [step, outcome])),
    detail: (step: string) => rows.find((row) => row.step === step)?.detail ?? "",
  };
}

/** Runs the command against a Loki where the line never arrives, and ends it once the line is written. */
async function interrupted(signal: NodeJS.Signals) {
  const fake = await start({ lineArrives: false });
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ["automation/commands/verify.ts", "prod-aks-a", "--config-file", writeConfigFile(fake, folder)],
    {
      env,
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000,
    },
  );
  const ended = once(child, "exit");
  let output = "";
  for await (const chunk of child.stdout) {
    // Once: the second time ends it at once.
    const written = /ok +line written/;
    if (!written.test(output) && written.test(output + chunk)) child.kill(signal);
    output += chunk;
  }
  const [code] = await ended;
  return { fake, output, code };
}

/** Those that wait for something, side by side. */
const begin = () => ({
  endless: verified({}, {}, ({ pagesListed }) => pagesListed > 5),
  silentSecrets: verified({ silent: /secrets/ }, {}, ({ requests }) => requests.some((asked) => /secrets/.test(asked))),
  rolling: verified({ writersReady: 2 }, { timeoutSeconds: 6 }),
  lost: verified({ lineArrives: false }, {}, ({ requests }) => requests.includes("GET /loki/api/v1/query_range")),
  blindCanary: verified({ canaryFinds: false }, {}, ({ canaryLines }) => canaryLines > 2),
  slowDeletion: verified({ newObjectOnPage: 1, deletions: 3 }),
  noDeletion: verified({ newObjectOnPage: 1, deletions: "forbidden" }, { cleanUpSeconds: 6 }),
  silentDeletion: verified({ newObjectOnPage: 1, silent: /DELETE/ }, { cleanUpSeconds: 2 }),
  SIGTERM: interrupted("SIGTERM"),
  SIGINT: interrupted("SIGINT"),
});

describe("verify", () => {
  let runs: ReturnType<typeof begin>;
  before(() => {
    runs = begin();
    // One that fails, fails its own test.
    for (const run of Object.values(runs)) run.catch(() => {});
  });

  it("follows a line to the bucket, asks every writer to flush, and ends at the first new chunk", async () => {
    const { fake, rows, detail } = await verified({ newObjectOnPage: 3 });
    assert.deepEqual(
      rows.filter(({ outcome }) => outcome !== "ok"),
      [],
    );
    assert.deepEqual(fake.flushed.sort(), ["loki-write-0", "loki-write-1", "loki-write-2"]);
    assert.ok(fake.pagesListed <= 4, `${fake.pagesListed} pages of a bucket without an end`);
    assert.equal(detail("new chunk in the bucket"), "loki-prod-aks-a/fake/3/500:1:2");
    assert.deepEqual([...fake.pods], []);
  });

  it("waits until the canary reads one more of its lines back, and shows how many it has found", async () => {
    const { detail: found } = await verified({ newObjectOnPage: 1 });
    assert.match(found("canary's lines found"), /^(\d+) of the canary's \1 lines were read back, 0 are missing$/);
    const { outcomes, detail } = await runs.blindCanary;
    assert.equal(outcomes["canary's lines found"], "failed");
    assert.match(detail("canary's lines found"), /^enough: 0 of the canary's \d+ lines were read back, 0 are missing$/);
    assert.equal(outcomes.flushed, "skipped");
  });

  it("ends when it is interrupted in the middle of a listing, and removes its pod", async () => {
    const { fake, outcomes, detail } = await runs.endless;
    assert.equal(outcomes["new chunk in the bucket"], "failed");
    assert.equal(detail("new chunk in the bucket"), "enough: no new chunk in loki-prod-aks-a");
    assert.equal(outcomes["cleaned up"], "ok");
    assert.deepEqual([...fake.pods], []);
  });

  it("ends when it is interrupted while the API server does not answer, and shows the remaining steps as skipped", async () => {
    const { outcomes, detail } = await runs.silentSecrets;
    assert.deepEqual(outcomes, {
      "workloads ready": "ok",
      "agent on every node": "ok",
      "Secrets in use": "failed",
      "gateway asks for a password": "skipped",
      "line written": "skipped",
      "line found through the gateway": "skipped",
      "canary's lines found": "skipped",
      flushed: "skipped",
      "new chunk in the bucket": "skipped",
      "cleaned up": "ok",
    });
    assert.equal(detail("Secrets in use"), "enough");
  });

  it("ends when its time is up, and reports what it waited for", async () => {
    const roll = await runs.rolling;
    assert.match(roll.detail("workloads ready"), /not within 6 seconds: loki-write 2\/3, /);
    const lost = await runs.lost;
    assert.equal(lost.detail("line found through the gateway"), "enough: the line has not arrived");
    assert.deepEqual([...lost.fake.pods], []);
  });

  it("fails at wrong labels, and at a writer that does not flush, and names them", async () => {
    const wrong = await verified({ labels: { env: "test" } });
    assert.equal(wrong.detail("line found through the gateway"), "labels differ: env is test, not prod");
    const { outcomes, detail } = await verified({ cannotFlush: "loki-write-1" });
    assert.equal(detail("flushed"), "loki-write-1: flush answers 500");
    assert.equal(outcomes["new chunk in the bucket"], "skipped");
  });

  it("names the nodes without an agent: Windows, virtual, and those that alloy.values excludes", async () => {
    const node = (name: string, labels: object) => ({ metadata: { name, labels } });
    const { detail, outcomes } = await verified({
      newObjectOnPage: 1,
      nodes: [
        node("akswin000000", { "kubernetes.io/os": "windows" }),
        node("virtual-node-aci-linux", { type: "virtual-kubelet", "kubernetes.io/os": "linux" }),
        node("aks-gpu-0", { "kubernetes.io/os": "linux" }),
      ],
    });
    assert.equal(outcomes["new chunk in the bucket"], "ok");
    assert.equal(
      detail("agent on every node"),
      [
        "on 2 of 3 Linux nodes",
        "none on aks-gpu-0: alloy.values keeps it off",
        "none on virtual nodes, which have no disk: virtual-node-aci-linux",
        "none on Windows nodes, for which Alloy's chart has no image: akswin000000",
      ].join("; "),
    );
  });

  it("verifies the rest with a login that may not list nodes", async () => {
    const { detail, outcomes } = await verified({ newObjectOnPage: 1, nodes: "forbidden" });
    assert.equal(detail("agent on every node"), "not known: nodes is forbidden");
    assert.equal(outcomes["new chunk in the bucket"], "ok");
  });

  it("names the node of an agent that is not ready, with its processor and the reason", async () => {
    const waiting = { reason: "ErrImagePull", message: "no match for platform in manifest: not found" };
    const { detail } = await verified(
      {
        writersReady: 2,
        nodes: [{ metadata: { name: "aks-arm-0", labels: { "kubernetes.io/arch": "arm64" } } }],
        agents: [
          { spec: { nodeName: "aks-arm-0" }, status: { containerStatuses: [{ ready: false, state: { waiting } }] } },
        ],
      },
      { timeoutSeconds: 3 },
    );
    assert.match(
      detail("workloads ready"),
      /; agents that are not ready: aks-arm-0 \(arm64\): ErrImagePull, no match for platform in manifest: not found$/,
    );
  });

  it("reports that the pod is gone when it is, and not before", async () => {
    const slow = await runs.slowDeletion;
    assert.equal(slow.outcomes["cleaned up"], "ok");
    assert.deepEqual([...slow.fake.pods], []);
    const stays = await runs.noDeletion;
    assert.equal(stays.outcomes["cleaned up"], "failed");
    const [pod] = stays.fake.pods;
    assert.equal(
      stays.detail("cleaned up"),
      `the pod could not be removed (not allowed): kubectl -n logging delete pod ${pod}`,
    );
    const silent = await runs.silentDeletion;
    assert.equal(silent.outcomes["cleaned up"], "failed");
  });

  it("reports at the start that its line is not collected, and sends no request to the cluster", async () => {
    const fake = await start({ newObjectOnPage: 1 });
    for (const exclude of ["logging", "logging/logging-*", "logging/*verify*"]) {
      const file = writeConfigFile(fake, folder, (config) => {
        config.alloy = { ...config.alloy, exclude: ["kube-system", exclude] };
        // The canary would be excluded too, which is an error in the config.
        config.loki = { ...config.loki, canary: false };
      });
      const { args } = await stackSettings("prod-aks-a", file);
      await assert.rejects(verifyStack(args, fake.kube), (error: Error) =>
        error.message.startsWith(`alloy.exclude has ${exclude}, so Alloy does not collect`),
      );
    }
    assert.deepEqual(fake.requests, []);
    const file = writeConfigFile(fake, folder, (config) => {
      config.alloy = { ...config.alloy, exclude: ["logging/loki-write-*", "loggings", "team/logging-verify-*"] };
    });
    const { args } = await stackSettings("prod-aks-a", file);
    const rows = await verifyStack(args, fake.kube, { timeoutSeconds: 5 });
    assert.equal(rows[0]?.outcome, "ok");
  });

  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)
    it(`removes its pod after ${signal}`, async () => {
      const { fake, output, code: ended } = await runs[signal];
      assert.equal(ended, code);
      assert.deepEqual([...fake.pods], []);
      assert.match(output, new RegExp(`failed .*interrupted by ${signal}: the line has not arrived`));
      assert.match(output, /ok +cleaned up .*the pod is gone\nprod-aks-a: NOT verified\n$/);
    });
});

// Deploys that go wrong on the real engine, API server, scheduler and MinIO, and what is said of them.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CertificateAuthority } from "../../harness/certificates.ts";
import { freePort, until } from "../../harness/processes.ts";
import type { StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { brokenBy, SAID, tellOfBrokenPods } from "../brokenPods.ts";
import { deployedStacks } from "../deployedStacks.ts";
import { deploy, runCommand } from "../projectCommand.ts";

const NAME = "prod-aks-b";

/** Runs with a changed config, and puts it back whatever happens. */
async function withConfig<T>(change: (config: StackConfig) => void, run: () => Promise<T>): Promise<T> {
  const { engine } = await deployedStacks();
  const restore = engine.changeConfig(NAME, change);
  try {
    return await run();
  } finally {
    restore();
  }
}

describe("a deploy that is held", () => {
  it("on another cluster: nothing is asked of the engine", async () => {
    const { engine, folder } = await deployedStacks();
    const other = { AZURE_STANDIN_KUBECONFIG: join(folder, "prod-aks-a.kubeconfig") };
    const { code, outcome, findings, steps } = await deploy(engine, ["up", "--stack", NAME], other);
    assert.deepEqual([code, outcome, steps], [2, "refused", []]);
    assert.match(
      findings[0]?.text ?? "",
      /is in mc_rg-prod-aks-a_prod-aks-a_westeurope .* it is not a node of .*prod-aks-b$/,
    );
  });

  it("on another stack's bucket", async () => {
    const { engine } = await deployedStacks();
    await withConfig(
      (config) => {
        config["logging:objectStorage"].bucket = "loki-prod-aks-a";
      },
      async () => {
        const { code, outcome, findings } = await deploy(engine, ["up", "--stack", NAME]);
        assert.deepEqual([code, outcome], [2, "refused"]);
        assert.match(findings[0]?.text ?? "", /prod-aks-a and prod-aks-b/);
      },
    );
  });

  it("as a destroy, while the bucket is protected: nothing goes", async () => {
    const { engine, deployments } = await deployedStacks();
    const { stack, cluster } = deployments[NAME];
    const before = JSON.stringify((await stack.exportStack()).deployment);
    const { code, outcome, findings, steps } = await deploy(engine, ["destroy", "--stack", NAME]);
    assert.deepEqual([code, outcome, steps], [2, "refused", []]);
    assert.match(findings[0]?.subject ?? "", /^logging-bucket$/);
    assert.match(findings[0]?.fix ?? "", /--keep-bucket/);
    assert.equal(JSON.stringify((await stack.exportStack()).deployment), before);
    assert.ok(await cluster.api.get("/api/v1/namespaces/logging"));
  });

  it("by a config that is refused: the list, with 1", async () => {
    const { engine } = await deployedStacks();
    await withConfig(
      (config) => {
        config["logging:loki"].retentionHours = 25;
      },
      async () => {
        const { code, stderr } = await runCommand(engine, "deploy", ["up", "--stack", NAME]);
        assert.equal(code, 1);
        assert.match(stderr, /loki\.retentionHours/);
        assert.doesNotMatch(stderr, /\n {4}at /);
      },
    );
  });
});

describe("a deploy that fails", () => {
  /** Another release of Loki that gives up after half a minute. */
  const soon = (change: (loki: StackConfig) => void) => (config: StackConfig) => {
    config["logging:loki"].timeoutSeconds = 30;
    change(config["logging:loki"]);
  };

  const rollback = (diagnostics: readonly string[]): string[] => diagnostics.filter((text) => /rolled back/.test(text));

  it("for want of a node says so in the scheduler's words, and the same once more goes on from there", async () => {
    const { engine, deployments } = await deployedStacks();
    const { api } = deployments[NAME].cluster;
    const nodes = (await api.list("/api/v1/nodes")).filter(({ metadata }) => metadata.labels?.workload === "logging");
    const cordon = (unschedulable: boolean) =>
      Promise.all(
        nodes.map(async ({ metadata: { name } }) => {
          const node = (await api.get(`/api/v1/nodes/${name}`)) as (typeof nodes)[number];
          await api.call("PUT", `/api/v1/nodes/${name}`, { ...node, spec: { ...node.spec, unschedulable } });
        }),
      );
    const faster = (loki: StackConfig): void => {
      loki.limits = { ...loki.limits, ingestionRateMb: 61, ingestionBurstMb: 122 };
    };
    await cordon(true);
    try {
      await withConfig(soon(faster), async () => {
        const { code, outcome, findings } = await deploy(engine, ["up", "--stack", NAME]);
        assert.deepEqual([code, outcome], [4, "failed"]);
        const pending = findings.find(({ text }) => /^Pending, the scheduler says: .*unschedulable/.test(text));
        assert.ok(pending, JSON.stringify(findings));
        assert.match(pending.subject, /loki-.* of release loki$/);
      });
    } finally {
      await cordon(false);
    }
    // A rollback in between would roll every pod twice.
    await withConfig(
      (config) => faster(config["logging:loki"]),
      async () => {
        const again = await deploy(engine, ["up", "--stack", NAME]);
        assert.equal(again.outcome, "succeeded", JSON.stringify([again.findings, again.errors]));
        assert.deepEqual(rollback(again.diagnostics), []);
      },
    );
    const mended = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(mended.outcome, "succeeded", JSON.stringify([mended.findings, mended.errors]));
  });

  it("for an image, a crash or a probe says which pod and why, and the next one mends it", async () => {
    const { engine, deployments } = await deployedStacks();
    const telling = tellOfBrokenPods(deployments[NAME].cluster);
    try {
      await withConfig(
        soon((loki) => {
          loki.values = { gateway: brokenBy("image"), read: brokenBy("crash"), write: brokenBy("probe") };
        }),
        async () => {
          const { code, outcome, findings, errors } = await deploy(engine, ["up", "--stack", NAME]);
          assert.deepEqual([code, outcome], [4, "failed"], JSON.stringify(errors));
          const said = (subject: RegExp) => {
            const found = findings.filter((finding) => subject.test(finding.subject));
            assert.equal(found.length, 1, JSON.stringify([findings, errors]));
            return found[0] as (typeof findings)[number];
          };
          const image = said(/^pod loki-gateway-\S+ of release loki$/);
          assert.match(
            image.text,
            /^image docker\.io\/\S+: ImagePullBackOff, Back-off pulling image: 401 Unauthorized$/,
          );
          assert.match(image.fix, /images\.registry/);
          const crash = said(/^pod loki-read-\S+ of release loki$/);
          assert.equal(
            crash.text,
            `read crashed 3 times (exit code 1); its last lines:\n${SAID.log.slice(-15).join("\n")}`,
          );
          assert.match(crash.fix, /^kubectl -n logging logs loki-read-\S+ -c read --previous$/);
          const probe = said(/^pod loki-write-2 of release loki$/);
          assert.equal(probe.text, `runs, and is not ready: ${SAID.probe}`);
          assert.match(probe.fix, /^kubectl -n logging logs loki-write-2/);
          assert.equal(findings.filter(({ subject }) => /^pods? /.test(subject)).length, 3, JSON.stringify(findings));
        },
      );
    } finally {
      await telling.stop();
    }
    const mended = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(mended.outcome, "succeeded", JSON.stringify([mended.findings, mended.errors]));
    assert.equal(rollback(mended.diagnostics).length, 1, JSON.stringify(mended.diagnostics));
  });

  it("for pods that a quota refuses says who should have made them", async () => {
    const { engine, deployments } = await deployedStacks();
    const { api } = deployments[NAME].cluster;
    const quotas = "/api/v1/namespaces/logging/resourcequotas";
    await api.create(quotas, { metadata: { name: "none" }, spec: { hard: { pods: "0" } } });
    try {
      await until("the quota counts", async () => (await api.get(`${quotas}/none`))?.status?.hard?.pods === "0");
      await withConfig(
        soon((loki) => {
          loki.values = { read: { podAnnotations: { "cluster-tier/change": "quota" } } };
        }),
        async () => {
          const { code, findings, errors } = await deploy(engine, ["up", "--stack", NAME]);
          assert.equal(code, 4, JSON.stringify([findings, errors]));
          const refused = findings.find(({ subject }) => /^ReplicaSet loki-read-\S+ of release loki$/.test(subject));
          assert.match(
            refused?.text ?? "",
            /1 of \d pods is not made: .*exceeded quota: none/,
            JSON.stringify(findings),
          );
          assert.match(refused?.fix ?? "", /describe resourcequota/);
        },
      );
    } finally {
      await api.call("DELETE", `${quotas}/none`);
    }
    const mended = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(mended.outcome, "succeeded", JSON.stringify([mended.findings, mended.errors]));
  });

  it("at MinIO says whether it is the key, the certificate or the address, and the next one goes on", async () => {
    const { engine, programs, folder } = await deployedStacks();
    // A rotation asks MinIO for another user. It is not taken back: what follows has the new generation.
    engine.changeConfig(NAME, (config) => {
      const storage = config["logging:objectStorage"];
      storage.credentialsGeneration = (storage.credentialsGeneration ?? 1) + 1;
    });
    const said = async (environment: Record<string, string> = {}): Promise<string> => {
      const { code, outcome, findings, errors } = await deploy(engine, ["up", "--stack", NAME], environment);
      assert.deepEqual([code, outcome], [4, "failed"], JSON.stringify([findings, errors]));
      return findings.map(({ subject, text }) => `${subject} ${text}`).join("; ") || errors.join("; ");
    };
    const secret = await said({ MINIO_PASSWORD: "not-the-password" });
    assert.match(secret, /MinIO's admin key is known, and its secret is wrong/);
    assert.match(await said({ MINIO_USER: "nobody-of-this-name" }), /MinIO's admin key is not known/);

    const certificate = join(engine.project, "certs/minio-internal-company-ca.pem");
    const other = mkdtempSync(join(tmpdir(), "logging-ca-"));
    try {
      copyFileSync(new CertificateAuthority(programs.program.openssl, other, "another-ca").certificate, certificate);
      assert.match(await said(), /MinIO's certificate is not signed by a CA that is trusted here/);
    } finally {
      copyFileSync(join(folder, "minio/minio-ca.crt"), certificate);
      rmSync(other, { recursive: true });
    }
    const port = await freePort();
    await withConfig(
      (config) => {
        config["logging:objectStorage"].endpoint = `https://127.0.0.1:${port}`;
      },
      async () => assert.match(await said(), new RegExp(`the address .*127\\.0\\.0\\.1:${port}.*connection refused`)),
    );
    // The state remembers where that deploy looked; a refresh would look there too.
    const refresh = await deploy(engine, ["refresh", "--stack", NAME]);
    assert.deepEqual([refresh.code, refresh.outcome, refresh.steps], [2, "refused", []]);
    assert.match(refresh.findings[0]?.text ?? "", new RegExp(`^cannot be seen at 127\\.0\\.0\\.1:${port},`));

    const mended = await deploy(engine, ["up", "--stack", NAME]);
    assert.equal(mended.outcome, "succeeded", JSON.stringify([mended.findings, mended.errors]));
    assert.ok(
      mended.steps.some(({ op, name }) => `${op} ${name}` === "create-replacement logging-bucket-user"),
      JSON.stringify(mended.steps),
    );
    assert.deepEqual((await deploy(engine, ["up", "--stack", NAME])).steps, []);
  });

  it("at Azure shows the code, and what to do about it", async () => {
    const { engine } = await deployedStacks();
    await withConfig(
      (config) => {
        config["logging:nodePool"].tags = { team: "logs" };
      },
      async () => {
        const failure = {
          update: { code: "OperationNotAllowed", message: "the cluster is being upgraded", status: 409 },
        };
        const { code, findings, errors } = await deploy(engine, ["up", "--stack", NAME], {
          AZURE_STANDIN_FAIL: JSON.stringify(failure),
        });
        assert.equal(code, 4);
        const azure = findings.find(({ subject }) => subject === "Azure");
        assert.match(
          azure?.text ?? "",
          /^OperationNotAllowed: the cluster is being upgraded/,
          JSON.stringify([findings, errors]),
        );
        assert.match(azure?.fix ?? "", /provisioningState/);
      },
    );
  });
});

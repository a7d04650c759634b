// Deploys that go wrong on the real engine, API server, scheduler and MinIO, and their explanations.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CertificateAuthority } from "../../harness/certificates.ts";
import { freePort, until } from "../../harness/processes.ts";
import type { StackConfig } from "../../harness/pulumi/pulumiEngine.ts";
import { brokenBy, SAID, tellOfBrokenPods } from "../brokenPods.ts";
import { deployedStacks, withConfig } from "../deployedStacks.ts";
import { cordon } from "../placement.ts";
import { deploy, runCommand } from "../projectCommand.ts";
import { type Deployed, WAYS } from "../waysToDeploy.ts";

const NAME = "prod-aks-b";

describe("a deploy that is refused", () => {
  it("on another cluster: the engine does not start", async () => {
    const { engine, folder } = await deployedStacks();
    const other = { AZURE_STANDIN_KUBECONFIG: join(folder, "prod-aks-a.kubeconfig") };
    const { code, outcome, findings, steps } = await deploy(engine, ["up", "--stack", NAME], other);
    assert.deepEqual([code, outcome, steps], [2, "refused", []]);
    assert.match(
      findings[0]?.text ?? "",
      /is in mc_rg-prod-aks-a_prod-aks-a_westeurope .* it is not a node of .*prod-aks-b$/,
    );
  });

  it("as a destroy, while the bucket is protected: nothing is deleted", async () => {
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

  it("because of its config: the list of problems, with exit code 1", async () => {
    const { engine } = await deployedStacks();
    await withConfig(
      NAME,
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

/** Gives a release of Loki up after half a minute. */
const soon = (change: (loki: StackConfig) => void) => (config: StackConfig) => {
  config["logging:loki"].timeoutSeconds = 30;
  change(config["logging:loki"]);
};

const rollbacks = ({ diagnostics }: Deployed): string[] => diagnostics.filter((text) => /rolled back/.test(text));

/** The one finding with this subject. */
function findingOf({ findings, errors }: Deployed, subject: RegExp): Deployed["findings"][number] {
  const found = findings.filter((finding) => subject.test(finding.subject));
  assert.equal(found.length, 1, JSON.stringify([findings, errors]));
  return found[0] as (typeof findings)[number];
}

for (const [way, deployBy] of Object.entries(WAYS)) {
  const up = async (environment?: Record<string, string>): Promise<Deployed> => {
    const { engine } = await deployedStacks();
    return deployBy(engine, NAME, environment);
  };
  const fails = async (environment?: Record<string, string>): Promise<Deployed> => {
    const result = await up(environment);
    assert.equal(result.succeeded, false, JSON.stringify(result.changes));
    assert.ok(result.errors.length > 0, "the engine's own error is missing");
    for (const error of result.errors) assert.doesNotMatch(error, /error hook/, "a hook replaced the engine's error");
    return result;
  };
  const succeeds = async (): Promise<Deployed> => {
    const result = await up();
    assert.ok(result.succeeded, JSON.stringify([result.findings, result.errors]));
    return result;
  };

  describe(`${way}: a deploy that fails`, () => {
    it("for want of a node quotes the scheduler, and the same update tried again continues", async () => {
      const { deployments } = await deployedStacks();
      const { cluster, stack } = deployments[NAME];
      const restarted = (loki: StackConfig): void => {
        loki.values = { ...loki.values, write: { podAnnotations: { "example.com/team": "logs" } } };
      };
      await cordon(cluster.api, true);
      try {
        await withConfig(NAME, soon(restarted), async () => {
          const { findings } = await fails();
          const pending = findings.find(({ text }) => /^Pending, the scheduler reports: .*unschedulable/.test(text));
          assert.ok(pending, JSON.stringify(findings));
          assert.match(pending.subject, /loki-.* of release loki$/);
        });
        // Without them, the next update would see no difference and not wait for the pods.
        assert.match(JSON.stringify((await stack.exportStack()).deployment), /"initErrors":\["/);
      } finally {
        await cordon(cluster.api, false);
      }
      // A rollback in between would restart every pod twice.
      await withConfig(
        NAME,
        (config) => restarted(config["logging:loki"]),
        async () => assert.deepEqual(rollbacks(await succeeds()), []),
      );
      await succeeds();
    });

    it("for an image, a crash or a probe names the pod and the reason, and the next deploy rolls back first", async () => {
      const { deployments } = await deployedStacks();
      const telling = tellOfBrokenPods(deployments[NAME].cluster);
      try {
        await withConfig(
          NAME,
          soon((loki) => {
            loki.values = { gateway: brokenBy("image"), read: brokenBy("crash"), write: brokenBy("probe") };
          }),
          async () => {
            const failed = await fails();
            const image = findingOf(failed, /^pod loki-gateway-\S+ of release loki$/);
            assert.match(
              image.text,
              /^image docker\.io\/\S+: ImagePullBackOff, Back-off pulling image: 401 Unauthorized$/,
            );
            assert.match(image.fix, /images\.registry/);
            const crash = findingOf(failed, /^pod loki-read-\S+ of release loki$/);
            assert.equal(
              crash.text,
              `read crashed 3 times (exit code 1); its last lines:\n${SAID.log.slice(-15).join("\n")}`,
            );
            assert.match(crash.fix, /^kubectl -n logging logs loki-read-\S+ -c read --previous$/);
            const probe = findingOf(failed, /^pod loki-write-2 of release loki$/);
            assert.equal(probe.text, `runs, but is not ready: ${SAID.probe}`);
            assert.match(probe.fix, /^kubectl -n logging logs loki-write-2/);
            const pods = failed.findings.filter(({ subject }) => /^pods? /.test(subject));
            assert.equal(pods.length, 3, JSON.stringify(failed.findings));
          },
        );
      } finally {
        await telling.stop();
      }
      const fixed = await succeeds();
      assert.equal(rollbacks(fixed).length, 1, JSON.stringify(fixed.diagnostics));
    });

    it("for pods that a quota refuses names the object that should have created them", async () => {
      const { deployments } = await deployedStacks();
      const { api } = deployments[NAME].cluster;
      const quotas = "/api/v1/namespaces/logging/resourcequotas";
      await api.create(quotas, { metadata: { name: "none" }, spec: { hard: { pods: "0" } } });
      try {
        await until("the quota counts", async () => (await api.get(`${quotas}/none`))?.status?.hard?.pods === "0");
        await withConfig(
          NAME,
          soon((loki) => {
            loki.values = { read: { podAnnotations: { "cluster-tier/change": `quota ${way}` } } };
          }),
          async () => {
            const { findings } = await fails();
            const refused = findings.find(({ subject }) => /^ReplicaSet loki-read-\S+ of release loki$/.test(subject));
            assert.match(
              refused?.text ?? "",
              /1 of \d pods is not created: .*exceeded quota: none/,
              JSON.stringify(findings),
            );
            assert.match(refused?.fix ?? "", /describe resourcequota.*rollout restart deployment\/loki-read,/);
          },
        );
      } finally {
        await api.call("DELETE", `${quotas}/none`);
      }
      await succeeds();
    });

    it("at MinIO tells a wrong key, certificate and address apart, and the next deploy continues", async () => {
      const { engine, programs, folder } = await deployedStacks();
      // A rotation asks MinIO for another user. It stays: what follows has the new generation.
      engine.changeConfig(NAME, (config) => {
        const storage = config["logging:objectStorage"];
        storage.credentialsGeneration = (storage.credentialsGeneration ?? 1) + 1;
      });
      const explained = async (environment?: Record<string, string>): Promise<string> => {
        const { findings, errors } = await fails(environment);
        return findings.map(({ subject, text }) => `${subject} ${text}`).join("; ") || errors.join("; ");
      };
      assert.match(
        await explained({ MINIO_PASSWORD: "not-the-password" }),
        /MinIO's admin key is known, but its secret is wrong/,
      );
      assert.match(await explained({ MINIO_USER: "nobody-of-this-name" }), /MinIO's admin key is not known/);

      const certificate = join(engine.project, "certs/minio-internal-company-ca.pem");
      const other = mkdtempSync(join(tmpdir(), "logging-ca-"));
      try {
        copyFileSync(new CertificateAuthority(programs.program.openssl, other, "another-ca").certificate, certificate);
        assert.match(await explained(), /MinIO's certificate is not signed by a CA that is trusted here/);
      } finally {
        copyFileSync(join(folder, "minio/minio-ca.crt"), certificate);
        rmSync(other, { recursive: true });
      }
      const port = await freePort();
      await withConfig(
        NAME,
        (config) => {
          config["logging:objectStorage"].endpoint = `https://127.0.0.1:${port}`;
        },
        async () =>
          assert.match(await explained(), new RegExp(`the address .*127\\.0\\.0\\.1:${port}.*connection refused`)),
      );
      // The state keeps the address of that deploy; a refresh would ask there too.
      const refresh = await deploy(engine, ["refresh", "--stack", NAME]);
      assert.deepEqual([refresh.code, refresh.outcome, refresh.steps], [2, "refused", []]);
      assert.match(refresh.findings[0]?.text ?? "", new RegExp(`^cannot be seen at 127\\.0\\.0\\.1:${port},`));

      const { changes } = await succeeds();
      assert.ok(changes.includes("create-replacement logging-bucket-user"), changes.join(", "));
      assert.deepEqual((await succeeds()).changes, []);
    });

    it("at Azure shows the code, and what to do about it", async () => {
      await withConfig(
        NAME,
        (config) => {
          config["logging:nodePool"].tags = { team: "logs" };
        },
        async () => {
          const failure = {
            update: { code: "OperationNotAllowed", message: "the cluster is being upgraded", status: 409 },
          };
          const failed = await fails({ AZURE_STANDIN_FAIL: JSON.stringify(failure) });
          const azure = findingOf(failed, /^Azure$/);
          assert.match(azure.text, /^OperationNotAllowed: the cluster is being upgraded/);
          assert.match(azure.fix, /provisioningState/);
        },
      );
      await succeeds();
    });
  });
}

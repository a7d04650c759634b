import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CertificateAuthority } from "../../harness/certificates.ts";
import { Workload } from "../../harness/runningStack/applications.ts";
import { rollLoki, runningStack } from "../../harness/runningStack/runningStack.ts";
import { assertNothingLost } from "../scenario.ts";

it("the private CA replaced under load, as in docs/operations.md: nothing lost, no handshake fails", async () => {
  const running = await runningStack();
  const { cluster, stack, store, programs } = running;
  const old = store.ca;
  const next = new CertificateAuthority(programs.openssl, running.folder, "minio-ca-2");
  const workload = new Workload(running.podLogs, "careplaced");
  const begun = new Map(cluster.loki.map((pod) => [pod, statSync(pod.log).size]));
  await sleep(5_000);
  // Both are trusted before the server shows the new one, and the old one goes last.
  stack.setCertificateAuthority(`${old.pem}\n${next.pem}`);
  await rollLoki(cluster);
  store.issueCertificate(next);
  store.ca = next;
  await sleep(15_000);
  stack.setCertificateAuthority(next.pem);
  await rollLoki(cluster);
  for (const pod of cluster.loki)
    assert.doesNotMatch(readFileSync(pod.log, "utf8").slice(begun.get(pod)), /x509|tls: /, pod.name);
  await assertNothingLost("CA replaced", running, workload.stop());
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explainErrors } from "../../../../automation/explain/explainErrors.ts";

const subjects = (...messages: string[]): string[] =>
  explainErrors(messages).map(({ subject, text }) => `${subject}: ${text}`);

describe("errors of a deploy", () => {
  it("of MinIO are distinguished: certificate, name, clock, key, secret, rights, address", () => {
    const said = {
      'Get "https://minio:9000/": tls: failed to verify certificate: x509: certificate signed by unknown authority':
        /certificate: is not signed/,
      "x509: certificate has expired or is not yet valid: current time 2027": /certificate: has expired/,
      "x509: certificate is valid for minio.example.com, not minio.internal": /certificate: is for another name/,
      "RequestTimeTooSkewed: The difference between the request time and the server's time is too large.":
        /MinIO's clock/,
      "The Access Key Id you provided does not exist in our records.": /admin key: is not known/,
      "SignatureDoesNotMatch: The request signature we calculated does not match": /its secret is wrong/,
      "error creating minio bucket: Access Denied.": /not allowed to do this/,
      'Get "https://10.0.0.1:9000": dial tcp 10.0.0.1:9000: connect: connection refused':
        /the address: .*connection refused/,
      "dial tcp: lookup minio.internal.company on 10.0.0.2:53: no such host": /the name: .*no such host/,
    };
    for (const [error, meaning] of Object.entries(said)) {
      const found = subjects(error);
      assert.equal(found.length, 1, `${error}: ${found.join("; ")}`);
      assert.match(found[0] ?? "", meaning);
    }
  });

  it("of Azure are shown with their code and what to do", () => {
    const found = explainErrors([
      'Status=409 Code="QuotaExceeded" Message="Operation could not be completed as it results in exceeding approved Total Regional Cores quota."',
      '{"error": {"code": "LinkedAuthorizationFailed", "message": "The client has permission, however it does not on the subnet"}}',
      'Code="SomethingNew" Message="never seen"',
    ]);
    assert.deepEqual(
      found.map(({ text }) => text.split(":")[0]),
      ["QuotaExceeded", "LinkedAuthorizationFailed", "SomethingNew"],
    );
    assert.match(found[0]?.text ?? "", /exceeding approved/);
    assert.match(found[0]?.fix ?? "", /az vm list-usage/);
    assert.match(found[1]?.fix ?? "", /Network Contributor/);
    assert.match(found[2]?.fix ?? "", /SomethingNew/);
  });

  it("of Azure about node auto-provisioning do not ask to wait for another operation", () => {
    // https://github.com/Azure/AKS/issues/4759 has the form.
    const [found] = explainErrors([
      'Code="OperationNotAllowed" Message="Cluster autoscaler is not allowed on agent pool log4040eb98 because .properties.nodeProvisioningProfile.mode is Auto"',
    ]);
    assert.match(found?.fix ?? "", /make nodePool\.minCount and maxCount equal, or .*node-auto-provisioning\.md/);
    assert.match(
      explainErrors(['Code="OperationNotAllowed" Message="another operation is in progress"'])[0]?.fix ?? "",
      /provisioningState/,
    );
  });

  it("of a cluster without Cilium's policies name the argument", () => {
    const [found] = explainErrors([
      'resource mapping not found: no matches for kind "CiliumNetworkPolicy" in version "cilium.io/v2"',
    ]);
    assert.equal(found?.subject, "network.policyEngine");
  });

  it("of fields that Kubernetes does not change name every StatefulSet and the command", () => {
    const refused = (name: string) =>
      `cannot patch "${name}" with kind StatefulSet: StatefulSet.apps "${name}" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden`;
    const [found, ...others] = explainErrors([
      `${refused("loki-backend")} && ${refused("loki-write")}`,
      refused("loki-write"),
    ]);
    assert.deepEqual(others, []);
    assert.equal(found?.subject, "StatefulSet loki-backend, loki-write");
    assert.match(found?.fix ?? "", /delete statefulset loki-backend loki-write --cascade=orphan/);
  });

  it("of a release, a login or a lock name the next step, each once", () => {
    assert.deepEqual(
      subjects("context deadline exceeded", "context deadline exceeded").map((s) => s.split(":")[0]),
      ["a release"],
    );
    assert.match(
      explainErrors(["another operation (install/upgrade/rollback) is in progress"])[0]?.fix ?? "",
      /doctor/,
    );
    assert.match(
      explainErrors(["error: the stack is currently locked by 1 lock(s)"])[0]?.fix ?? "",
      /pulumi cancel --stack STACK --yes$/,
    );
    assert.match(
      explainErrors(["error: failed to load checkpoint: place 1: unexpected end of JSON input"])[0]?.fix ?? "",
      /cp STACK\.json\.bak STACK\.json; rm -f STACK\.json\.attrs$/,
    );
    assert.match(explainErrors(["Please run 'az login' to setup account."])[0]?.fix ?? "", /az login/);
    assert.deepEqual(explainErrors(["some other error"]), []);
  });
});

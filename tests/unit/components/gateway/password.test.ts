// The gateway's password: its hash for nginx, and a rotation without a refused push.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ALLOY_NAME, alloyName, htpasswdLine, readerName } from "../../../../components/gateway/password.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { resource, stackFile } from "../../../harness/plannedStack.ts";
import { planAndRegistrations } from "../../../harness/registrations.ts";

/** Checks a `{SSHA}` line as nginx does: SHA-1 of password and salt, followed by the salt. */
function accepts(line: string, username: string, password: string): boolean {
  const [, user, encoded = ""] = /^([^:]+):\{SSHA\}([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  const [digest, salt] = [bytes.subarray(0, 20), bytes.subarray(20)];
  assert.ok(salt.length >= 8, "a salt");
  return user === username && createHash("sha1").update(password).update(salt).digest().equals(digest);
}

describe("a line of .htpasswd", () => {
  const password = fc.stringMatching(/^[A-Za-z0-9]{1,60}$/);

  it("accepts only its user and password", () => {
    fc.assert(
      fc.property(password, password, (right, wrong) => {
        const line = htpasswdLine("logging-1", right);
        assert.ok(accepts(line, "logging-1", right));
        assert.equal(accepts(line, "logging-1", wrong), right === wrong);
        assert.ok(!accepts(line, "logging-2", right));
        assert.ok(!line.includes(right) || right.length < 4);
      }),
    );
  });

  it("is the same each time, because a new salt would show a change in every preview", () => {
    assert.equal(htpasswdLine("logging-1", "x"), htpasswdLine("logging-1", "x"));
    assert.notEqual(htpasswdLine("logging-1", "x").split(":")[1], htpasswdLine("logging-2", "x").split(":")[1]);
  });
});

describe("a rotation of the gateway's password", () => {
  const generation = async (n: number) => {
    const { plan, sent } = await planAndRegistrations(
      stackFile((c) => {
        c.loki.gateway = { credentialsGeneration: n };
      }),
    );
    const secret = (name: string): Record<string, string> => {
      const inputs: Loose = sent
        .find((r) => r.getName() === name)
        ?.getObject()
        ?.toJavaScript();
      return inputs.stringData.value;
    };
    return {
      plan,
      accepted: (secret("logging-gateway-htpasswd")[".htpasswd"] ?? "").trimEnd().split("\n"),
      reader: secret("logging-gateway-login"),
      alloy: secret("logging-alloy-login"),
      passwords: plan.resources.filter((r) => /^logging-(gateway|alloy)-password-/.test(r.name)).map((r) => r.name),
    };
  };
  const passwordOf = (n: number, kind = "gateway") => `offlinePasswordlogging${kind}password${n}`;

  it("begins with one user for Alloy and one for readers", async () => {
    const { accepted, alloy, reader, passwords } = await generation(1);
    assert.deepEqual(passwords, ["logging-alloy-password-1", "logging-gateway-password-1"]);
    assert.equal(accepted.length, 2);
    assert.deepEqual(reader, { LOKI_USERNAME: "logging-1", LOKI_PASSWORD: passwordOf(1) });
    assert.deepEqual(alloy, { LOKI_USERNAME: "alloy-1", LOKI_PASSWORD: passwordOf(1, "alloy") });
    assert.ok(accepts(accepted[0] ?? "", "logging-1", passwordOf(1)));
    assert.ok(accepts(accepted[1] ?? "", "alloy-1", passwordOf(1, "alloy")));
    assert.match("alloy-1", new RegExp(ALLOY_NAME));
    assert.doesNotMatch("logging-1", new RegExp(ALLOY_NAME));
  });

  it("keeps the previous user until the next rotation, and Alloy uses the new one", async () => {
    const { plan, accepted, alloy, reader, passwords } = await generation(2);
    assert.deepEqual(passwords, [
      ...["logging-alloy-password-1", "logging-alloy-password-2"],
      ...["logging-gateway-password-1", "logging-gateway-password-2"],
    ]);
    assert.equal(accepted.length, 4);
    for (const n of [1, 2]) {
      assert.ok(accepted.some((line) => accepts(line, `logging-${n}`, passwordOf(n))));
      assert.ok(accepted.some((line) => accepts(line, `alloy-${n}`, passwordOf(n, "alloy"))));
    }
    assert.deepEqual(reader, { LOKI_USERNAME: "logging-2", LOKI_PASSWORD: passwordOf(2) });
    assert.deepEqual(alloy, { LOKI_USERNAME: "alloy-2", LOKI_PASSWORD: passwordOf(2, "alloy") });
    assert.equal((plan.outputs.grafanaDataSource as Loose).basicAuthUser, "logging-2");
    assert.ok(resource(plan, "logging-alloy").dependsOn.includes("kubernetes:helm.sh/v3:Release::logging-loki"));
  });

  it("removes the user before the previous one", async () => {
    const { accepted, passwords } = await generation(3);
    assert.deepEqual(passwords, [
      ...["logging-alloy-password-2", "logging-alloy-password-3"],
      ...["logging-gateway-password-2", "logging-gateway-password-3"],
    ]);
    assert.deepEqual(
      accepted.map((line) => line.split(":")[0]),
      [...[3, 2].map(readerName), ...[3, 2].map(alloyName)],
    );
  });

  it("never regenerates an existing password: its inputs stay the same", async () => {
    const [one, two] = [await generation(1), await generation(2)];
    assert.deepEqual(
      resource(two.plan, "logging-gateway-password-1").inputs,
      resource(one.plan, "logging-gateway-password-1").inputs,
    );
  });
});

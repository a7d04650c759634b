import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALLOY_OWNED_VALUES } from "../../../../components/alloy/args.ts";
import { Findings } from "../../../../components/findings.ts";
import type { Values } from "../../../../components/helm/mergeValues.ts";
import { checkNotOwned } from "../../../../components/helm/valuesChecks.ts";
import { LOKI_OWNED_VALUES } from "../../../../components/loki/ownedValues.ts";
import { plan, stackFile, valuesOf } from "../../../harness/plannedStack.ts";

describe("the escape hatch must not set what an argument sets", () => {
  const FULL = stackFile((c) => {
    c.images = { registry: "mirror.internal.company", pullSecrets: ["mirror"] };
  });
  for (const [release, owned] of [
    ["loki", LOKI_OWNED_VALUES],
    ["alloy", ALLOY_OWNED_VALUES],
  ] as const) {
    it(`${release}: the stack sets every listed path`, async () => {
      const values = valuesOf(await plan(FULL), release);
      for (const path of Object.keys(owned)) {
        const value = path.split(".").reduce<unknown>((v, key) => (v as Record<string, unknown>)?.[key], values);
        assert.notEqual(value, undefined, path);
      }
    });

    it(`${release}: each path is refused, and the error names the argument`, () => {
      for (const [path, argument] of Object.entries(owned)) {
        const findings = new Findings();
        const given = path.split(".").reduceRight<unknown>((value, key) => ({ [key]: value }), 7);
        checkNotOwned(given as Values, owned, `${release}.values`, findings);
        assert.deepEqual(
          findings.problems.map((p) => [p.subject, p.given, p.fix]),
          [[`${release}.values.${path}`, 7, `set ${argument} instead`]],
        );
      }
    });
  }

  it("a value beside them is accepted", () => {
    const findings = new Findings();
    checkNotOwned({ write: { podAnnotations: { a: "b" } } }, LOKI_OWNED_VALUES, "loki.values", findings);
    assert.deepEqual(findings.problems, []);
  });
});

// An escape hatch over the stack's values.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TENANT } from "../../../../components/loki/effectiveConfig.ts";
import { overLokiValues } from "../../../../components/loki/values.ts";

const own = {
  loki: {
    limits_config: { volume_enabled: true },
    runtimeConfig: { overrides: { [TENANT]: { max_query_length: "360h", max_query_lookback: "336h" } } },
  },
};

describe("a limit in an escape hatch", () => {
  for (const section of ["limits_config", "structuredConfig"] as const)
    it(`replaces the stack's in the runtime config, which Loki reads over ${section}`, () => {
      const limits = { max_query_length: "720h" };
      const loki =
        section === "limits_config" ? { limits_config: limits } : { structuredConfig: { limits_config: limits } };
      const values = overLokiValues(own, { loki }) as typeof own;
      assert.deepEqual(values.loki.runtimeConfig.overrides[TENANT], { max_query_lookback: "336h" });
      assert.equal(values.loki.limits_config.volume_enabled, true);
    });

  it("replaces it in place in the runtime config", () => {
    const hatch = { loki: { runtimeConfig: { overrides: { [TENANT]: { max_query_length: "720h" } } } } };
    const values = overLokiValues(own, hatch) as typeof own;
    assert.deepEqual(values.loki.runtimeConfig.overrides[TENANT], {
      max_query_length: "720h",
      max_query_lookback: "336h",
    });
  });

  it("is the only thing that does", () => {
    assert.deepEqual(overLokiValues(own, { loki: { limits_config: { max_line_size: "1MB" } } }), {
      loki: { ...own.loki, limits_config: { volume_enabled: true, max_line_size: "1MB" } },
    });
  });
});

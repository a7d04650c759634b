import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pipelineMeanings } from "../../../../automation/changes/pipelineMeanings.ts";
import { excludeGlobs } from "../../../../components/alloy/exclusions.ts";
import { unitsPattern } from "../../../../components/alloy/journal/container.ts";
import { podLogsPipeline } from "../../../../components/alloy/pipeline.ts";
import type { Manifest } from "../../../../components/helm/manifest.ts";
import type { Loose } from "../../../harness/manifest.ts";
import { load, stackFile } from "../../../harness/plannedStack.ts";
import { manifest } from "./manifests.ts";

/** Alloy's objects with these arguments. */
async function alloy(args: Loose): Promise<Manifest[]> {
  const { resolved } = await load(
    stackFile((config) => {
      config.alloy = args;
    }),
  );
  const env = [{ name: "LOGGING_EXCLUDE", value: JSON.stringify(excludeGlobs(resolved.alloy.exclude)) }];
  const { units } = resolved.alloy.journal;
  const journal = { name: "journal", env: [{ name: "LOGGING_JOURNAL_UNITS", value: unitsPattern(units) }] };
  const containers = [{ name: "alloy", env }, ...(units.length > 0 ? [journal] : [])];
  return [
    manifest("ConfigMap", "alloy", { data: { "config.yaml": podLogsPipeline(resolved.alloy) } }),
    manifest("DaemonSet", "alloy", { spec: { template: { spec: { containers } } } }),
  ];
}

const meanings = async (before: Loose, after: Loose): Promise<string[]> =>
  pipelineMeanings(await alloy(before), await alloy(after)).map(
    ({ level, subject, text }) => `${level}: ${subject}: ${text}`,
  );

describe("a change of what Alloy collects", () => {
  it("names lines that will be dropped, and rules that end", async () => {
    const rule = { namespaces: ["team-a", "load-*"], belowLevel: "info", pattern: "$x", sample: 0.1 };
    const words = "drop lines of team-a, load-* below info with $x but keep 0.1 of them";
    assert.deepEqual(await meanings({}, { drop: [rule] }), [`disruptive: Alloy's rules: from now on: ${words}`]);
    assert.deepEqual(await meanings({ drop: [rule] }, {}), [`disruptive: Alloy's rules: no longer: ${words}`]);
    assert.deepEqual(await meanings({ drop: [rule] }, { drop: [rule] }), []);
  });

  it("names what will be masked, and what no longer", async () => {
    const mask = [{ kind: "card" }, { pattern: "C-\\d+", name: "customer", namespaces: ["team-a"] }];
    const words = ["mask card in lines of all namespaces", "mask customer, C-\\d+, in lines of team-a"];
    const found = (text: string): string[] => words.map((rule) => `disruptive: Alloy's rules: ${text}: ${rule}`);
    assert.deepEqual(await meanings({}, { mask }), found("from now on"));
    assert.deepEqual(await meanings({ mask }, {}), found("no longer"));
  });

  it("names lines that will be joined, and that they are sent again", async () => {
    const multiline = [{ namespaces: ["team-a"], containers: ["api"], kind: "java" }];
    const words = "join lines of team-a (api) by the rules for java, and send what the nodes' files hold of them again";
    assert.deepEqual(await meanings({}, { multiline }), [`disruptive: Alloy's rules: from now on: ${words}`]);
  });

  it("names pods that are no longer collected, and those that are again", async () => {
    assert.deepEqual(await meanings({ exclude: ["a"] }, { exclude: ["a", "load-*", "b/x-*"] }), [
      "disruptive: pods of load-*: their lines are no longer collected",
      "disruptive: pods of b/x-*: their lines are no longer collected",
    ]);
    assert.deepEqual(await meanings({ exclude: ["a"] }, {}), [
      "safe: pods of a: their lines are collected, with all that the nodes' files still hold",
    ]);
  });

  it("names units whose journal is collected, and no longer", async () => {
    const journal = (...units: string[]) => ({ journal: { units } });
    assert.deepEqual(await meanings({}, journal("kubelet.service", "kernel")), [
      "safe: the journal of kubelet.service: is collected, with its last week",
      "safe: the journal of kernel: is collected, with its last week",
    ]);
    assert.deepEqual(await meanings(journal("kubelet.service", "kernel"), journal("kernel")), [
      "disruptive: the journal of kubelet.service: is no longer collected",
    ]);
  });
});

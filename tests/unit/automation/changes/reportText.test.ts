import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changeReport, reportJson } from "../../../../automation/changes/changeReport.ts";
import type { ObjectChange } from "../../../../automation/changes/objectChanges.ts";
import { reportMarkdown, reportText } from "../../../../automation/changes/reportText.ts";
import type { Manifest } from "../../../../components/helm/manifest.ts";
import { manifest, releaseOf } from "./manifests.ts";

describe("the report", () => {
  const report = (objects: Array<[Manifest | undefined, Manifest | undefined]>, warnings: string[] = []) => {
    const side = (i: 0 | 1) => ({
      resources: [],
      releases: releaseOf(...objects.map((pair) => pair[i]).filter((o) => o !== undefined)),
    });
    return changeReport({ stack: "a", base: "main", resources: [], before: side(0), after: side(1), warnings });
  };
  const labelled = (n: number, version: string) =>
    manifest("ConfigMap", `c${n}`, { metadata: { name: `c${n}`, labels: { "helm.sh/chart": version } } });
  const many = (n: number) =>
    report(Array.from({ length: n }, (_, i) => [labelled(i, "loki-1"), labelled(i, "loki-2")]));

  it("shows a change of many objects once", () => {
    const markdown = reportMarkdown(many(20));
    assert.match(markdown, /^# ~ in 20 objects alike\n- metadata\.labels\."helm\.sh\/chart": loki-1\n\+ .*: loki-2$/m);
    assert.doesNotMatch(markdown, /ConfigMap c1/);
    assert.match(reportMarkdown(many(2)), /ConfigMap c1/);
  });

  it("shows its warnings even if nothing changes: that nobody is alerted, and what expires", () => {
    const unchanged = report([], ["nobody will be alerted"]);
    assert.match(
      reportText(unchanged, false),
      /^a: no changes\ncompared with main\n\nWarnings\n {2}nobody will be alerted$/m,
    );
    assert.match(reportMarkdown(unchanged), /\*\*Warnings\*\*\n\n- nobody will be alerted/);
    assert.doesNotMatch(reportText(report([]), false), /Warnings/);
  });

  it("stays within its length, and counts what it left out", () => {
    const long = report(
      Array.from({ length: 400 }, (_, i) => [undefined, manifest("ConfigMap", `config-map-with-a-name-${i}`)]),
    );
    const markdown = reportMarkdown(long, 2_000);
    assert.ok(markdown.length <= 2_000, `${markdown.length}`);
    const shown = markdown.match(/^# \+ ConfigMap/gm)?.length ?? 0;
    assert.ok(shown > 10, "objects that fit are shown");
    assert.ok(markdown.includes(`_Left out for length: ${400 - shown} objects; `), markdown.slice(-200));
    assert.doesNotMatch(reportMarkdown(long), /Left out/);
    const wide = report([
      [
        manifest("ConfigMap", "c", { data: { f: Array.from({ length: 100 }, (_, i) => `old ${i}`).join("\n") } }),
        manifest("ConfigMap", "c", { data: { f: Array.from({ length: 100 }, (_, i) => `new ${i}`).join("\n") } }),
      ],
    ]);
    assert.match(reportMarkdown(wide), /… 171 lines left out/);
    assert.equal(
      JSON.parse(reportJson(wide)).releases[0].objects[0].fields[0].lines.length,
      200,
      "the JSON has all of them",
    );
  });

  it("shows the heaviest changes when even those exceed its length", () => {
    const value = (tag: string) => `${tag} ${"x".repeat(2_000)}`;
    const service = (i: number, tag: string) =>
      manifest("Service", `s${i}`, { spec: { type: value(tag), ports: [{ name: "a", port: i }] } });
    const heavy = report(
      [
        ...Array.from({ length: 300 }, (_, i): [Manifest, Manifest] => [service(i, "1"), service(i, "2")]),
        [manifest("PersistentVolumeClaim", "p"), undefined],
      ],
      Array.from({ length: 300 }, (_, i) => `warning ${i}\n${value("w")}`),
    );
    const markdown = reportMarkdown(heavy);
    assert.ok(markdown.length <= 60_000, `${markdown.length}`);
    assert.match(markdown, /^- \*\*destructive\*\* PersistentVolumeClaim p: /m);
    assert.match(markdown, /^- … and 261 more, none heavier$/m);
    assert.match(markdown, /<details><summary>Helm release loki/);
    assert.equal(reportMarkdown(heavy), markdown, "the same from run to run");
  });

  it("cannot be broken by the content of a manifest", () => {
    const nasty = report([
      [
        manifest("ConfigMap", "c", { data: { f: "a\n" } }),
        manifest("ConfigMap", "c", { data: { f: "````\n</details>\n# x\n" } }),
      ],
    ]);
    const markdown = reportMarkdown(nasty);
    const fence = /^(`+)diff$/m.exec(markdown)?.[1] ?? "";
    assert.ok(fence.length >= 5);
    const service = (type: string) => manifest("Service", "s", { spec: { type } });
    const tagged = reportMarkdown(report([[service("a"), service("<!-- </details>\n# x")]], ["<b>\n# y"]));
    assert.doesNotMatch(tagged.split("<details>")[0] ?? "", /^# |<b>|<\/details>|<!-- <\//m);
    assert.equal(markdown.split("\n").filter((line) => line === fence).length, 1);
  });

  it("takes the heaviest meaning as its verdict, and puts it first", () => {
    const set = (replicas: number, tag: string) =>
      manifest("StatefulSet", "s", { spec: { replicas, template: { tag } } });
    const mixed = report([
      [set(3, "1"), set(3, "2")],
      [manifest("PersistentVolumeClaim", "p"), undefined],
    ]);
    assert.equal(mixed.verdict, "destructive");
    assert.deepEqual(
      mixed.meanings.map(({ level }) => level),
      ["destructive", "restarts"],
    );
    assert.equal(report([]).changed, false);
    assert.equal(reportMarkdown(report([])), reportMarkdown(report([])));
  });

  it("has no colour codes unless they are requested", () => {
    const text = reportText(many(1), false);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour code begins with.
    assert.doesNotMatch(text, /\u001b/);
    assert.match(text, /^a: safe$/m);
  });

  it("has every field in its JSON, and no whole object", () => {
    const json = JSON.parse(reportJson(many(1)));
    assert.deepEqual(json.releases[0].objects[0], {
      op: "changed",
      release: "loki",
      kind: "ConfigMap",
      name: "c0",
      fields: [{ path: 'metadata.labels."helm.sh/chart"', op: "changed", before: "loki-1", after: "loki-2" }],
    } satisfies ObjectChange);
  });
});

import assert from "node:assert/strict";
import { matchesGlob } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { excludedBy, excludeGlobs, exclusionsIn } from "../../../../components/alloy/exclusions.ts";
import { escapeForHelm } from "../../../../components/alloy/values.ts";

describe("Helm's templates leave the pipeline unchanged", () => {
  /** Renders, as `tpl` does, the only action that the escape may write. */
  const rendered = (text: string) => text.replaceAll(/\{\{ "(\{\{)" \}\}/g, "$1");

  it("whatever it contains", () => {
    const piece = fc.constantFrom("{{", "}}", "{", "}", "{{{", " .Values.x ", '"', "line\n", "$");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        const escaped = escapeForHelm(text);
        assert.equal(rendered(escaped), text);
        assert.ok(!escaped.replaceAll('{{ "{{" }}', "").includes("{{"));
      }),
    );
  });
});

describe("exclusions", () => {
  const excluded = (exclude: string[], file: string) => excludeGlobs(exclude).some((glob) => matchesGlob(file, glob));
  const log = (namespace: string, pod: string, name = "0.log") =>
    `/var/log/pods/${namespace}_${pod}_0f1e2d3c-0000-4000-8000-000000000000/app/${name}`;

  it("are only unfinished packed files if there are none", () => {
    assert.ok(excluded([], log("team-a", "api", "0.log.20261126-220039.tmp")));
    for (const name of ["0.log", "0.log.20261126-220039", "0.log.20261126-220039.gz"])
      assert.ok(!excluded([], log("team-a", "api", name)), name);
  });

  it("of a namespace match all of its pods and no others", () => {
    assert.ok(excluded(["kube-system"], log("kube-system", "coredns-1")));
    assert.ok(!excluded(["kube-system"], log("kube-system-2", "coredns-1")));
    assert.ok(!excluded(["kube-system"], log("my-kube-system", "coredns-1")));
    assert.ok(!excluded(["kube"], log("kube-system", "coredns-1")));
    assert.ok(excluded(["kube-system"], log("kube-system", "coredns-1", "0.log.20261126-220039.gz")));
  });

  it("of pods match only those pods", () => {
    const exclude = ["team-a/load-test-*", "team-b/one"];
    assert.ok(excluded(exclude, log("team-a", "load-test-7")));
    assert.ok(!excluded(exclude, log("team-a", "api-load-test-7")));
    assert.ok(!excluded(exclude, log("team-b", "load-test-7")));
    assert.ok(excluded(exclude, log("team-b", "one")));
    assert.ok(!excluded(exclude, log("team-b", "one-more")));
  });

  it("of a pattern match every namespace that fits, and no other part of the folder's name", () => {
    const exclude = ["load-*", "*-test", "a*z/job-*"];
    for (const [namespace, pod, wanted] of [
      ["load-1", "api", true],
      ["load-", "api", true],
      ["reload-1", "api", false],
      ["team-test", "api", true],
      ["team-test-2", "api", false],
      ["team-a", "my-test", false],
      ["abcz", "job-1", true],
      ["abcz", "api", false],
      ["abcz-2", "job-1", false],
    ] as const) {
      assert.equal(excluded(exclude, log(namespace, pod)), wanted, `${namespace}/${pod}`);
      assert.equal(excludedBy(exclude, namespace, pod) !== undefined, wanted, `${namespace}/${pod}`);
    }
  });

  it("can be read back from the environment", () => {
    const exclude = ["kube-system", "load-*", "team-a/load-test-*", "a*z/x"];
    assert.deepEqual(exclusionsIn(JSON.stringify(excludeGlobs(exclude))), exclude);
  });
});

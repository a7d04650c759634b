// The benchmark of the pipeline must feed the same lines in every run, and must know their number.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type LogInput, writeLogInput } from "../../../../bench/pipeline/logInput.ts";

describe("the lines that are fed", () => {
  const folder = mkdtempSync(join(tmpdir(), "logging-bench-"));
  const shape = { megabytes: 6, hours: 2, steps: 20, nodes: 3 };
  let input: LogInput;
  const content = ({ path }: { path: string }): string => readFileSync(path, "utf8");

  before(async () => {
    input = await writeLogInput(join(folder, "a"), shape);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are the same in another run, but for their time", async () => {
    const again = await writeLogInput(join(folder, "b"), shape);
    const withoutTime = (text: string): string =>
      text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} .{17}GMT/g, "");
    assert.equal(again.lines, input.lines);
    again.files.forEach((file, i) => {
      const first = input.files[i];
      assert.ok(first);
      assert.equal(withoutTime(content(file)), withoutTime(content(first)));
    });
  });

  it("are counted as Loki will count them: whole lines, without what containerd puts in front", () => {
    const records = input.files.flatMap((file) => content(file).trimEnd().split("\n"));
    const parts = records.map((record) => /^\S+ stdout ([PF]) (.*)$/.exec(record) ?? []);
    assert.ok(
      parts.some(([, flag]) => flag === "P"),
      "none is long enough to be split",
    );
    assert.equal(parts.filter(([, flag]) => flag === "F").length, input.lines);
    const bytes = parts.reduce((sum, [, , text = ""]) => sum + text.length, 0);
    assert.equal(bytes + input.lines, input.bytes);
    assert.ok(Math.abs(input.bytes / 6e6 - 1) < 0.02, `${input.bytes}`);
  });

  it("are in the order of their time, within the hours asked for, and on every node", () => {
    for (const file of input.files) {
      const times = content(file)
        .trimEnd()
        .split("\n")
        .map((record) => record.slice(0, 30));
      assert.deepEqual(times, times.toSorted());
      assert.ok(Date.parse(times[0] ?? "") >= input.from && Date.parse(times.at(-1) ?? "") <= input.to, file.path);
    }
    assert.deepEqual([...new Set(input.files.map(({ node }) => node))].sort(), [0, 1, 2]);
  });

  it("are of pods of Deployments, by whose names Alloy finds the workload", () => {
    for (const { pod, container } of input.files)
      assert.match(pod, new RegExp(`^${container}-[5-9bcdf][4-9bcdf]{5,8}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
    assert.equal(new Set(input.files.map(({ pod }) => pod)).size, input.files.length);
  });

  it("have a sidecar in each pod if asked for", async () => {
    const { files, bytes } = await writeLogInput(join(folder, "c"), { ...shape, copies: 2, sidecars: true });
    const proxies = files.filter(({ container }) => container === "proxy");
    assert.equal(files.length, input.files.length * 4);
    assert.deepEqual(
      proxies.map(({ namespace, pod, node }) => ({ namespace, pod, node })),
      files.filter((file) => !proxies.includes(file)).map(({ namespace, pod, node }) => ({ namespace, pod, node })),
    );
    assert.ok(Math.abs(bytes / 6e6 - 1) < 0.1, `${bytes}`);
  });

  it("have the needle once", () => {
    assert.equal(input.files.map(content).join("").split(input.needle).length, 2);
  });

  it("are fed whole, in as many steps as asked for", () => {
    for (const { path, ends } of input.files) {
      assert.equal(ends.length, shape.steps);
      assert.equal(ends.at(-1), statSync(path).size);
    }
  });
});

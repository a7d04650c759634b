import { describeMistakes, type Mistake } from "./mistakes.ts";

/** A number in a group of the config, such as `queries` of `loki`. */
const wrong = (path: string, given: number, allowed: RegExp, fix: RegExp): Mistake => ({
  what: `${path} ${given}`,
  change: (config) => {
    const keys = path.split(".");
    const key = keys.pop() ?? "";
    const group = keys.reduce((map, name) => {
      map[name] = { ...map[name] };
      return map[name];
    }, config);
    group[key] = given;
  },
  path,
  given,
  allowed,
  fix,
});

describeMistakes("a fraction of a whole number", [
  ...["nodePool.maxPods", "loki.queries.maxReadGb", "loki.write.replicas", "loki.limits.maxStreams"].map((path) =>
    wrong(path, 30.5, /^a whole number$/, /^write a whole number$/),
  ),
]);

describeMistakes("a number that Loki cannot read", [
  wrong("loki.queries.maxReadGb", 1e12, /at most 1000000/, /loki in docs/),
  wrong("loki.limits.perStreamBurstMb", 1e21, /at most 1000000/, /loki in docs/),
  wrong("loki.limits.perStreamRateMb", 1e-7, /at least 0\.1/, /loki in docs/),
]);

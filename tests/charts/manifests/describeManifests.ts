import assert from "node:assert/strict";
import { before, describe } from "node:test";
import { parse } from "yaml";
import { chartsMissing } from "../../harness/charts.ts";
import type { Loose } from "../../harness/manifest.ts";
import { STACKS, stackFile } from "../../harness/plannedStack.ts";
import { object, podsOf, type Rendered, render } from "../renderedCharts.ts";

/** Every workload of Loki's release. */
export const WORKLOADS = [
  "loki-backend",
  "loki-canary",
  "loki-chunks-cache",
  "loki-gateway",
  "loki-read",
  "loki-results-cache",
  "loki-write",
] as const;

/** The workloads that run Loki itself. Only these hold MinIO's keys. */
export const LOKI = ["loki-write", "loki-read", "loki-backend"];

/** What the tests of a stack look at. */
export interface Manifests {
  readonly stack: (typeof STACKS)[number];
  readonly rendered: () => Rendered;
  /** The pod template of a workload. */
  readonly pod: (name: string) => ReturnType<typeof podsOf>[number];
  /** Loki's own config. */
  readonly lokiConfig: () => Loose;
}

const renders = new Map<string, Promise<Rendered>>();

/** Each stack is rendered once for all test files. */
function renderOnce(stack: string): Promise<Rendered> {
  const rendered = renders.get(stack) ?? render(stackFile(() => {}, { stack }));
  renders.set(stack, rendered);
  return rendered;
}

/** Describes the rendered manifests of each production stack. Skips without charts. */
export function describeManifests(define: (manifests: Manifests) => void): void {
  for (const stack of STACKS) {
    describe(`rendered manifests of ${stack}`, { skip: chartsMissing() }, () => {
      let current: Rendered;
      before(async () => {
        current = await renderOnce(stack);
      });
      define({
        stack,
        rendered: () => current,
        pod(name) {
          const found = podsOf([...current.loki, ...current.alloy]).find((p) => p.name === name);
          assert.ok(found, name);
          return found;
        },
        lokiConfig: () => parse(object(current.loki, "ConfigMap", "loki").data["config.yaml"]),
      });
    });
  }
}

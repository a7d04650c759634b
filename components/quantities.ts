import { z } from "zod";
import { explained, text } from "./argumentTypes.ts";
import type { Findings } from "./findings.ts";

const QUANTITY = "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/";

/** Millicores of a Kubernetes CPU quantity (`"1"`, `"250m"`, `"0.5"`), or `undefined` if it is not one. */
export function parseCpu(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(quantity);
  return match ? Math.ceil(Number(match[1]) * (match[2] ? 1 : 1000)) : undefined;
}

const MEMORY_UNITS: Readonly<Record<string, number>> = {
  "": 1 / 2 ** 20,
  Ki: 1 / 1024,
  Mi: 1,
  Gi: 1024,
  Ti: 2 ** 20,
  K: 1e3 / 2 ** 20,
  k: 1e3 / 2 ** 20,
  M: 1e6 / 2 ** 20,
  G: 1e9 / 2 ** 20,
  T: 1e12 / 2 ** 20,
};

/** MiB of a Kubernetes memory quantity (`"4Gi"`, `"512Mi"`), or `undefined` if it is not one. */
export function parseMemory(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT]i|[kKMGT]|)$/.exec(quantity);
  const unit = match && MEMORY_UNITS[match[2] ?? ""];
  return unit ? Math.ceil(Number(match[1]) * unit) : undefined;
}

const cpu = text.refine(
  (quantity) => (parseCpu(quantity) ?? 0) > 0,
  explained({ text: 'a Kubernetes CPU quantity: "1", "250m"', fix: QUANTITY }),
);

const memory = text.refine(
  (quantity) => (parseMemory(quantity) ?? 0) > 0,
  explained({ text: 'a Kubernetes memory quantity: "2Gi", "512Mi"', fix: QUANTITY }),
);

/** Requests and limits of one container. https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export const resources = z.strictObject({
  /** What the scheduler reserves. */
  requests: z.strictObject({
    /** CPU: `"1"`, `"250m"`. */
    cpu,
    /** Memory: `"2Gi"`, `"512Mi"`. */
    memory,
  }),
  /** What the container may not exceed. */
  limits: z.strictObject({
    /**
     * CPU: `"1"`, `"250m"`.
     * @default - no limit
     */
    cpu: cpu.optional(),
    /** Memory: `"2Gi"`, `"512Mi"`. */
    memory,
  }),
});

/** Requests and limits of one container. */
export type ContainerResources = z.output<typeof resources>;

/** Checks that no request exceeds its limit. */
export function checkResources({ requests, limits }: ContainerResources, path: string, findings: Findings): void {
  for (const [kind, parse] of [
    ["cpu", parseCpu],
    ["memory", parseMemory],
  ] as const) {
    findings.when([`${path}.requests.${kind}`, `${path}.limits.${kind}`], () => {
      const limit = limits[kind];
      findings.check(limit === undefined || (parse(requests[kind]) ?? 0) <= (parse(limit) ?? 0), {
        subject: `${path}.requests.${kind}`,
        given: requests[kind],
        text: `not above the limit, ${limit}`,
        fix: "lower the request or raise the limit",
      });
    });
  }
}

/** CPU in millicores, memory in MiB. */
export interface Quantities {
  readonly cpu: number;
  readonly memory: number;
}

/** A container's memory limit, MiB. */
export const memoryLimit = ({ limits }: ContainerResources): number => parseMemory(limits.memory) ?? 0;

/** What the scheduler reserves for a container. */
export const requested = ({ requests }: Pick<ContainerResources, "requests">): Quantities => ({
  cpu: parseCpu(requests.cpu) ?? 0,
  memory: parseMemory(requests.memory) ?? 0,
});

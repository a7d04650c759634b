import type { Findings } from "./findings.ts";
import type { ResourcesArgs } from "./loggingStackArgs.ts";
import { parseCpu, parseMemory, type Resources } from "./nodePool/capacity.ts";

/** Checks every quantity, and that no request exceeds its limit. */
export function checkResources(resources: ResourcesArgs, path: string, findings: Findings): ResourcesArgs {
  const { requests, limits } = resources;
  const quantity = (
    kind: "cpu" | "memory",
    at: "requests" | "limits",
    value: string | undefined,
  ): number | undefined => {
    if (value === undefined) return undefined;
    const parsed = kind === "cpu" ? parseCpu(value) : parseMemory(value);
    findings.check(parsed !== undefined && parsed > 0, {
      subject: `${path}.${at}.${kind}`,
      given: value,
      text: kind === "cpu" ? 'a Kubernetes CPU quantity: "1", "250m"' : 'a Kubernetes memory quantity: "2Gi", "512Mi"',
      fix: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/",
    });
    return parsed;
  };
  for (const kind of ["cpu", "memory"] as const) {
    const request = quantity(kind, "requests", requests[kind]);
    const limit = quantity(kind, "limits", limits[kind]);
    findings.check(request === undefined || limit === undefined || request <= limit, {
      subject: `${path}.requests.${kind}`,
      given: requests[kind],
      text: `not above the limit, ${limits[kind]}`,
      fix: "lower the request or raise the limit",
    });
  }
  return resources;
}

/** The most memory of a container, MiB. A quantity that cannot be read is reported elsewhere. */
export const memoryLimit = ({ limits }: ResourcesArgs): number => parseMemory(limits.memory) ?? 0;

/** What the scheduler sets aside. Quantities that cannot be read count as nothing: they are reported elsewhere. */
export const requested = ({ requests }: ResourcesArgs): Resources => ({
  cpu: parseCpu(requests.cpu) ?? 0,
  memory: parseMemory(requests.memory) ?? 0,
});

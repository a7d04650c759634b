import type { Findings } from "./problems.ts";

/** A DNS label, as Kubernetes wants it for a namespace. */
export function checkNamespace(namespace: string, path: string, findings: Findings): void {
  findings.check(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace), {
    path,
    given: namespace,
    expected: "a Kubernetes namespace: lower-case letters, digits and -",
    fix: "write the name as `kubectl get namespaces` prints it",
  });
}

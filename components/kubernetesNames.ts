import type { Findings } from "./findings.ts";

/** A DNS label, as Kubernetes wants it for a namespace. */
export function checkNamespace(namespace: string, path: string, findings: Findings): void {
  findings.check(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace), {
    subject: path,
    given: namespace,
    text: "a Kubernetes namespace: lower-case letters, digits and -",
    fix: "write the name as `kubectl get namespaces` prints it",
  });
}

/** A DNS subdomain, as Kubernetes wants it for most other objects. */
export function checkObjectName(name: string, path: string, findings: Findings): void {
  findings.check(name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name), {
    subject: path,
    given: name,
    text: "the name of a Secret: lower-case letters, digits, - and .",
    fix: "write the name as `kubectl get secrets` prints it",
  });
}

/** The key of a label or taint, with or without a prefix. */
export const isLabelKey = (key: string): boolean =>
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(key);

/** The value of a label or taint; it may be empty. */
export const isLabelValue = (value: string): boolean => /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/.test(value);

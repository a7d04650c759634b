import { z } from "zod";
import { explained, text } from "./argumentTypes.ts";

/** A DNS label. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const isDnsLabel = (name: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);

/** Labels with dots between them. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const isDnsSubdomain = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name);

/** The name of a namespace. */
export const namespaceName = text.refine(
  isDnsLabel,
  explained({
    text: "a Kubernetes namespace: lower-case letters, digits and -",
    fix: "write the name as `kubectl get namespaces` prints it",
  }),
);

/** The name of a container. */
export const containerName = text.refine(
  isDnsLabel,
  explained({
    text: "a container: lower-case letters, digits and -",
    fix: "write the name as `kubectl get pods -o yaml` prints it below containers",
  }),
);

/** The name of a Secret: a DNS subdomain. */
export const secretName = text.refine(
  isDnsSubdomain,
  explained({
    text: "the name of a Secret: lower-case letters, digits, - and .",
    fix: "write the name as `kubectl get secrets` prints it",
  }),
);

/** The key of a label or taint, with or without a prefix. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export function isLabelKey(key: string): boolean {
  const [, prefix, name = ""] = /^(?:([^/]*)\/)?([^/]*)$/.exec(key) ?? [];
  return /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(name) && (prefix === undefined || isDnsSubdomain(prefix));
}

/** The value of a label or taint; it may be empty. */
export const isLabelValue = (value: string): boolean => /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/.test(value);

export const labelValue = z.string().refine(
  isLabelValue,
  explained({
    text: "a label value: letters, digits, -, _ and ., 63 at most",
    fix: "write it as `kubectl get nodes --show-labels` prints it",
  }),
);

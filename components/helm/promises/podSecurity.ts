import type { Fields } from "../manifest.ts";
import { workloadsOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

/** No pod violates Pod Security `restricted` in a way in which the stack's own pod does not. */
export const podSecurity = ({ own, given }: Sides): Breach[] =>
  workloadsOf(given).flatMap(({ title, pod }) => {
    const before = workloadsOf(own).find((workload) => workload.title === title);
    const had = before ? securityViolations(before.pod) : [];
    return securityViolations(pod)
      .filter((violation) => !had.includes(violation))
      .map((violation) => ({
        promise: "podSecurity" as const,
        object: title,
        text: violation,
        fix: "leave the security contexts as they are, and give your own containers the same ones; or promisesGivenUp: [podSecurity]",
      }));
  });

const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/**
 * Violations of Pod Security `restricted`, which includes `baseline`, and file systems that a container may write to.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function securityViolations(pod: Fields): string[] {
  const found: string[] = [];
  const refuse = (bad: boolean, what: string) => {
    if (bad) found.push(what);
  };
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) refuse(pod[key] === true, key);
  refuse((pod.securityContext?.sysctls ?? []).length > 0, "sysctls");
  for (const volume of pod.volumes ?? [])
    for (const kind of Object.keys(volume).filter((key) => key !== "name"))
      refuse(!VOLUMES.includes(kind), `volume ${volume.name} is ${kind}: ${volume[kind]?.path ?? ""}`);
  for (const container of [...(pod.initContainers ?? []), ...pod.containers])
    found.push(
      ...containerViolations(container, pod.securityContext ?? {}).map(
        (what) => `container ${container.name}: ${what}`,
      ),
    );
  return found;
}

function containerViolations(container: Fields, pod: Fields): string[] {
  const own = container.securityContext ?? {};
  const either = (key: string) => own[key] ?? pod[key];
  const checks: Record<string, boolean> = {
    privileged: own.privileged === true,
    "allowPrivilegeEscalation is not false": own.allowPrivilegeEscalation !== false,
    "does not drop ALL capabilities": !(own.capabilities?.drop ?? []).includes("ALL"),
    "adds capabilities": (own.capabilities?.add ?? []).some((name: string) => name !== "NET_BIND_SERVICE"),
    "runAsNonRoot is not true": either("runAsNonRoot") !== true,
    "runAsUser is 0": either("runAsUser") === 0,
    "has no seccompProfile": !["RuntimeDefault", "Localhost"].includes(either("seccompProfile")?.type),
    hostPort: (container.ports ?? []).some(({ hostPort }: Fields) => hostPort),
    procMount: own.procMount !== undefined && own.procMount !== "Default",
    "readOnlyRootFilesystem is not true": own.readOnlyRootFilesystem !== true,
  };
  return Object.entries(checks).flatMap(([what, bad]) => (bad ? [what] : []));
}

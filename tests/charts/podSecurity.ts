import type { Loose } from "../harness/manifest.ts";
import { containersOf } from "./renderedCharts.ts";

const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/**
 * Violations of Pod Security `restricted`, which includes `baseline`.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function restrictedViolations(spec: Loose): string[] {
  const found: string[] = [];
  const pod = spec.securityContext ?? {};
  const refuse = (bad: boolean, what: string) => {
    if (bad) found.push(what);
  };
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) refuse(spec[key] === true, key);
  refuse((pod.sysctls ?? []).length > 0, "sysctls");
  for (const volume of spec.volumes ?? [])
    for (const kind of Object.keys(volume).filter((k) => k !== "name"))
      refuse(!VOLUMES.includes(kind), `volume ${volume.name} is ${kind}`);
  for (const container of containersOf(spec)) {
    const own = container.securityContext ?? {};
    const at = (what: string) => `${container.name}: ${what}`;
    const either = (key: string) => own[key] ?? pod[key];
    refuse(own.privileged === true, at("privileged"));
    refuse(own.allowPrivilegeEscalation !== false, at("allowPrivilegeEscalation is not false"));
    refuse(!(own.capabilities?.drop ?? []).includes("ALL"), at("does not drop ALL"));
    refuse(
      (own.capabilities?.add ?? []).some((c: string) => c !== "NET_BIND_SERVICE"),
      at("adds capabilities"),
    );
    refuse(either("runAsNonRoot") !== true, at("runAsNonRoot is not true"));
    refuse(either("runAsUser") === 0, at("runAsUser is 0"));
    refuse(!["RuntimeDefault", "Localhost"].includes(either("seccompProfile")?.type), at("no seccompProfile"));
    refuse(
      (container.ports ?? []).some((p: Loose) => p.hostPort),
      at("hostPort"),
    );
    refuse(own.procMount !== undefined && own.procMount !== "Default", at("procMount"));
  }
  return found;
}

import type { Fields, Manifest } from "../../components/helm/manifest.ts";
import { RUNTIME_FILE } from "../../components/loki/effectiveConfig.ts";
import { count } from "./count.ts";
import type { FieldChange } from "./fieldChanges.ts";
import type { Level, RatedFinding } from "./levels.ts";
import type { ObjectChange, ReleaseChange } from "./objectChanges.ts";
import { oldBufferMeaning } from "./oldBufferMeaning.ts";

/** What changed objects of a release mean: pods that restart, upgrades that fail, volumes that are deleted. */
export const objectMeanings = (release: ReleaseChange): RatedFinding[] => [
  ...release.objects.flatMap((change) => [
    ...hookMeaning(change),
    ...(change.hook
      ? []
      : [
          ...immutableMeaning(change),
          ...workloadMeanings(change),
          ...serviceMeaning(change),
          ...removalMeaning(change),
        ]),
  ]),
  ...unreadConfigMeanings(release),
];

const subjectOf = ({ kind, name }: ObjectChange): string => `${kind} ${name}`;
const fields = (object: Manifest | undefined): Fields => object ?? {};

/** A changed job of a hook is a program that the next deploy runs. */
function hookMeaning(change: ObjectChange): RatedFinding[] {
  if (!change.hook || change.op === "removed" || change.kind !== "Job") return [];
  const events = change.hook.split(",").filter((event) => event.endsWith("upgrade") || event.endsWith("install"));
  if (events.length === 0) return [];
  return [
    {
      level: "safe",
      subject: subjectOf(change),
      text: `a hook that is ${change.op} and runs at ${events.join(" and ")}`,
    },
  ];
}

/** The fields of a StatefulSet that the API server lets change. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
const MUTABLE_STATEFUL_SET = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

/** Fields that the API server refuses to change, by kind. */
const IMMUTABLE: Readonly<Record<string, RegExp>> = {
  StatefulSet: new RegExp(`^spec\\.(?!(${MUTABLE_STATEFUL_SET.join("|")})(\\b|$))`),
  Deployment: /^spec\.selector\b/,
  DaemonSet: /^spec\.selector\b/,
  Job: /^spec\.(template|selector|completions|completionMode|podFailurePolicy)\b/,
  Service: /^spec\.clusterIPs?\b/,
  PersistentVolumeClaim: /^spec\.(?!resources\b)/,
  RoleBinding: /^roleRef\b/,
  ClusterRoleBinding: /^roleRef\b/,
  StorageClass: /^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/,
  PriorityClass: /^(value|preemptionPolicy)\b/,
};

function immutableMeaning(change: ObjectChange): RatedFinding[] {
  if (change.op !== "changed") return [];
  const held = fields(change.before).immutable === true ? /^(data|binaryData|stringData)\b/ : undefined;
  const pattern = held ?? IMMUTABLE[change.kind];
  const refused = pattern ? change.fields.filter(({ path }) => pattern.test(path)) : [];
  if (refused.length === 0) return [];
  return [
    {
      level: "disruptive",
      subject: subjectOf(change),
      text: `the upgrade will fail: ${refused.map(shown).join(", ")} cannot be changed on an existing ${change.kind}`,
      fix: replaceCommands(change, refused),
    },
  ];
}

const shown = ({ path, before, after }: FieldChange): string =>
  typeof before !== "object" && typeof after !== "object" && (before ?? after) !== undefined
    ? `${path} (${before ?? "unset"} → ${after ?? "unset"})`
    : path;

/** Deleting with `orphan` leaves the pods running. The upgrade creates the object again, and it takes them over. */
function replaceCommands({ kind, name, before, after }: ObjectChange, refused: readonly FieldChange[]): string {
  const namespace = before?.metadata.namespace ? ` -n ${before.metadata.namespace}` : "";
  const workload = ["StatefulSet", "Deployment", "DaemonSet"].includes(kind);
  const remove = `kubectl${namespace} delete ${kind.toLowerCase()} ${name}${workload ? " --cascade=orphan" : ""}`;
  const sizes = refused.filter(({ path }) => /^spec\.volumeClaimTemplates\[[^\]]+\]\.spec\.resources/.test(path));
  const [size] = sizes;
  if (!size) return `right before the deploy: ${remove}`;
  const claim = /\[([^\]]+)\]/.exec(size.path)?.[1];
  const replicas = Number(fields(before).spec?.replicas ?? 1);
  const patch = JSON.stringify({ spec: { resources: { requests: { storage: size.after } } } });
  const claims = Array.from({ length: replicas }, (_, i) => `${claim}-${name}-${i}`).join(" ");
  const grow = `for claim in ${claims}; do kubectl${namespace} patch pvc "$claim" --type merge -p '${patch}'; done`;
  return gigabytes(size.after) < gigabytes(size.before)
    ? "volumes cannot shrink: leave the size as it is"
    : `${grow}; then, right before the deploy: ${remove}${after ? "" : " (and do not create it again)"}`;
}

const UNITS: Readonly<Record<string, number>> = { Mi: 1 / 1024, Gi: 1, Ti: 1024 };

/** GiB of a volume's size. */
const gigabytes = (size: unknown): number => {
  const match = /^(\d+(?:\.\d+)?)(Mi|Gi|Ti)$/.exec(String(size));
  return match ? Number(match[1]) * (UNITS[match[2] ?? ""] ?? 1) : Number.NaN;
};

function workloadMeanings(change: ObjectChange): RatedFinding[] {
  if (change.op !== "changed" || !["StatefulSet", "Deployment", "DaemonSet"].includes(change.kind)) return [];
  return [
    ...restartMeaning(change),
    ...oldBufferMeaning(change),
    ...scaleMeaning(change),
    ...retentionPolicyMeaning(change),
  ];
}

function restartMeaning(change: ObjectChange): RatedFinding[] {
  const causes = change.fields.filter(({ path }) => path.startsWith("spec.template"));
  if (causes.length === 0) return [];
  const { spec } = fields(change.after);
  const why = summary(causes);
  const subject = subjectOf(change);
  if (spec.updateStrategy?.type === "OnDelete")
    return [{ level: "safe", subject, text: `pods change only when they are deleted (OnDelete): ${why}` }];
  if (change.kind === "DaemonSet") {
    const atOnce = spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
    return [{ level: "restarts", subject, text: `its pod restarts on every node, ${atOnce} at once: ${why}` }];
  }
  const replicas = Number(spec.replicas ?? 1);
  const recreated = spec.strategy?.type === "Recreate";
  const component = String(spec.template?.metadata?.labels?.["app.kubernetes.io/component"] ?? "");
  // Without a cache, queries read more from MinIO, but are still answered. Nobody asks the canary.
  const alone = replicas === 1 && !/cache|canary/.test(component);
  const gap = recreated
    ? ", all at once: requests fail until they are back"
    : alone
      ? ": requests fail until it is back"
      : "";
  const order = replicas > 1 && !recreated ? ", one after the other" : "";
  return [
    {
      level: gap ? "disruptive" : "restarts",
      subject,
      text: `${count(replicas, "pod")} ${replicas === 1 ? "restarts" : "restart"}${gap || order}: ${why}`,
    },
  ];
}

/** Fields of a pod in plain words, each once. */
function summary(causes: readonly FieldChange[]): string {
  const words = causes.map(({ path }) => {
    const field = path.replace(/^spec\.template\.(spec\.|metadata\.)?/, "");
    if (/checksum/.test(field)) return "its config";
    if (/\.image$/.test(field)) return "image";
    if (/\.env(From)?\b/.test(field)) return "environment";
    if (/\.resources\b/.test(field)) return "requests and limits";
    return field;
  });
  const unique = [...new Set(words)];
  return unique.length > 4 ? `${unique.slice(0, 4).join(", ")} and ${unique.length - 4} more` : unique.join(", ");
}

function scaleMeaning(change: ObjectChange): RatedFinding[] {
  const [before, after] = [change.before, change.after].map((object) => Number(fields(object).spec?.replicas ?? 1));
  if (change.kind === "DaemonSet" || before === undefined || after === undefined || before === after) return [];
  const subject = subjectOf(change);
  const text = `${before} → ${count(after, "pod")}`;
  if (after > before) return [{ level: "safe", subject, text }];
  if (after === 0) return [{ level: "disruptive", subject, text: `${text}: its work stops` }];
  const { volumeClaimTemplates = [], persistentVolumeClaimRetentionPolicy: policy } = fields(change.after).spec;
  if (change.kind !== "StatefulSet" || volumeClaimTemplates.length === 0) return [{ level: "restarts", subject, text }];
  const gone = before - after;
  return policy?.whenScaled === "Delete"
    ? [
        {
          level: "destructive",
          subject,
          text: `${text}; the volumes of ${count(gone, "pod")} are deleted (whenScaled: Delete)`,
        },
      ]
    : [
        {
          level: "restarts",
          subject,
          text: `${text}; the volumes of ${count(gone, "pod")} stay, and still cost money`,
        },
      ];
}

function retentionPolicyMeaning(change: ObjectChange): RatedFinding[] {
  const path = "spec.persistentVolumeClaimRetentionPolicy";
  if (!change.fields.some((field) => field.path.startsWith(path))) return [];
  const policy = fields(change.after).spec.persistentVolumeClaimRetentionPolicy ?? {};
  const deletes = ["whenDeleted", "whenScaled"].filter((when) => policy[when] === "Delete");
  return deletes.length === 0
    ? []
    : [
        {
          level: "disruptive",
          subject: subjectOf(change),
          text: `from now on its volumes are deleted with it (${deletes.join(", ")}: Delete)`,
        },
      ];
}

/** Clients find a Service by its name and port. */
function serviceMeaning(change: ObjectChange): RatedFinding[] {
  if (change.kind !== "Service" || change.op !== "changed") return [];
  const moved = change.fields.filter(
    ({ path, op }) => op !== "added" && /^spec\.(type|ports\[[^\]]+\](\.(port|nodePort|protocol))?)$/.test(path),
  );
  if (moved.length === 0) return [];
  const text = `its clients get no answer until they use ${moved.map(shown).join(", ")}`;
  return [{ level: "disruptive", subject: subjectOf(change), text }];
}

function removalMeaning(change: ObjectChange): RatedFinding[] {
  if (change.op !== "removed") return [];
  const subject = subjectOf(change);
  const level = (text: string, level: Level): RatedFinding[] => [{ level, subject, text }];
  switch (change.kind) {
    case "StatefulSet": {
      const spec = fields(change.before).spec ?? {};
      const claims = (spec.volumeClaimTemplates ?? []).length * Number(spec.replicas ?? 1);
      if (claims > 0 && spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete")
        return level(`removed, together with ${count(claims, "volume")} (whenDeleted: Delete)`, "destructive");
      return level(claims > 0 ? `removed; its ${count(claims, "volume")} stay` : "removed", removed(change));
    }
    case "Deployment":
    case "DaemonSet":
      return level("removed, together with its pods", removed(change));
    case "PersistentVolumeClaim":
      return level("removed, together with its data", "destructive");
    case "CustomResourceDefinition":
      return level("removed, together with every object of this kind in the cluster", "destructive");
    case "Service":
      return level("removed: its address no longer answers", "disruptive");
    case "PodDisruptionBudget":
      return level("removed: a drain may evict all of its pods at once", "disruptive");
    default:
      return [];
  }
}

/** Without a cache, queries are slower and still work. Without the canary, all works as before. */
const removed = ({ name }: ObjectChange): Level => (/cache|canary/.test(name) ? "restarts" : "disruptive");

/** ConfigMaps that change although no pod restarts. */
function unreadConfigMeanings({ objects }: ReleaseChange): RatedFinding[] {
  const restarting = objects.some(({ fields }) => fields.some(({ path }) => path.startsWith("spec.template")));
  if (restarting) return [];
  return (
    objects
      .filter(({ kind, op }) => kind === "ConfigMap" && op === "changed")
      // lokiMeanings.ts explains what Loki reads while it runs.
      .filter(({ fields }) => fields.some(({ path }) => path.startsWith("data") && !path.includes(RUNTIME_FILE)))
      .map((change) => ({
        level: "safe",
        subject: subjectOf(change),
        text: "no pod restarts for it: a program that reads it only at start keeps the old one until its next start",
      }))
  );
}

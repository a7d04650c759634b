import { EVENTS_WORKLOAD } from "../../components/releaseNames.ts";
import { count } from "./count.ts";
import type { RatedFinding } from "./levels.ts";
import type { ResourceChange } from "./resourceChanges.ts";

/** What changed resources mean: deleted data, rotated keys, replaced nodes, changed rights. */
export function resourceMeanings(changes: readonly ResourceChange[]): RatedFinding[] {
  return [...changes.flatMap(meaningsOf), ...rotations(changes)];
}

const is = (change: ResourceChange, type: string): boolean => change.type.endsWith(`:${type}`);
const gone = ({ op }: ResourceChange): boolean => op === "delete" || op === "replace";

function meaningsOf(change: ResourceChange): RatedFinding[] {
  const subject = `${change.type.split(":").pop()} ${change.name}`;
  const meanings: RatedFinding[] = [];
  if (gone(change) && change.protect)
    meanings.push({
      level: "destructive",
      subject,
      text: `is protected: the engine refuses to ${change.op} it, after it has made the changes before it`,
      fix: "to keep it outside of the stack: pulumi state delete; to have it deleted: pulumi state unprotect",
    });
  if (change.unprotected)
    meanings.push({ level: "disruptive", subject, text: "no longer protected: a later change may delete it" });
  meanings.push(...ofType(change, subject));
  return meanings;
}

function ofType(change: ResourceChange, subject: string): RatedFinding[] {
  const { op } = change;
  const one = (level: RatedFinding["level"], text: string, fix?: string): RatedFinding[] => [
    { level, subject, text, ...(fix && { fix }) },
  ];
  if (is(change, "S3Bucket") && gone(change))
    return one("destructive", `the bucket is ${past(op)}, with every line in it`);
  if (change.type === "kubernetes:core/v1:Namespace" && gone(change))
    return one("destructive", `the namespace is ${past(op)}, with every pod, Secret and volume claim in it`);
  if (is(change, "Release") && op === "replace")
    return one(
      "destructive",
      "the release is deleted, and installed under another name: its volumes stay behind, with lines that MinIO does not have yet",
    );
  if (is(change, "Release") && op === "delete") return one("disruptive", "the release is uninstalled: its work stops");
  if (
    change.type.startsWith("pulumi:providers:kubernetes") &&
    op !== "create" &&
    change.fields.some(({ path }) => path === "clusterIdentifier")
  )
    return one(
      "destructive",
      "another cluster: everything in the old one is forgotten, and created again in the new one",
      "create a new stack for a new cluster",
    );
  if (is(change, "AgentPool")) return poolMeanings(change, subject);
  if (is(change, "IamPolicy") && op === "update")
    return one(
      "disruptive",
      "the rights of the bucket's user change",
      "compare the statements below; Loki needs ListBucket, GetObject, PutObject and DeleteObject",
    );
  if (is(change, "ConfigMap") && /-dashboard-\w+$/.test(change.name))
    return one("safe", op === "delete" ? "the dashboard leaves Grafana" : "Grafana shows it soon, and no pod restarts");
  if (change.name.endsWith(EVENTS_WORKLOAD)) return eventsMeanings(change, one);
  const isPolicy = /:(Cilium)?NetworkPolicy$/.test(change.type);
  if (isPolicy && op === "delete")
    return /-allow-/.test(change.name)
      ? one("disruptive", "connections that it allowed are refused, unless another policy allows them")
      : one("disruptive", "connections that it blocked are allowed");
  if (isPolicy && op === "update") return one("safe", "the allowed connections change");
  return [];
}

/** What a change of the pod that sends Kubernetes events means. Its rights and its config change with it. */
function eventsMeanings(
  change: ResourceChange,
  one: (level: RatedFinding["level"], text: string) => RatedFinding[],
): RatedFinding[] {
  const { op } = change;
  if (is(change, "Deployment"))
    return {
      create: one("safe", "Kubernetes events become lines from now on, those of the last hour included"),
      update: one("restarts", "the pod that sends Kubernetes events restarts: no event is lost"),
      replace: one("restarts", "the pod that sends Kubernetes events is created again: no event is lost"),
      delete: one("disruptive", "Kubernetes events are no longer collected"),
    }[op];
  if (is(change, "PersistentVolumeClaim") && gone(change))
    return one("disruptive", `the disk is ${past(op)}, with the events that Loki does not have yet`);
  if (is(change, "ClusterRole") && op === "create")
    return one(
      "safe",
      "a right in the whole cluster: to read events. the login that deploys has to be allowed to grant it",
    );
  return [];
}

const past = (op: ResourceChange["op"]): string => (op === "replace" ? "replaced" : "deleted");

function poolMeanings(change: ResourceChange, subject: string): RatedFinding[] {
  const [before, after] = [change.before ?? {}, change.after ?? {}];
  if (change.op === "delete")
    return [
      { level: "disruptive", subject, text: "the node pool is deleted: its pods need other nodes with the same label" },
    ];
  if (change.op === "replace") {
    const why = change.fields.map(({ path }) => path.replace(/\[.*/, "")).filter((path) => path !== "agentPoolName");
    return [
      {
        level: "disruptive",
        subject,
        text: `a new pool is created, then every logging node is drained and the old pool is deleted: ${[...new Set(why)].join(", ") || "another name"}`,
        fix: "nothing to do: the disruption budgets let one pod at a time move; until then both pools cost money and need quota",
      },
    ];
  }
  if (change.op !== "update") return [];
  const [most, least] = [Number(before.maxCount ?? before.count), Number(after.maxCount ?? after.count)];
  return least < most
    ? [
        {
          level: "restarts",
          subject,
          text: `at most ${count(least, "node")} instead of ${most}: pods of removed nodes move`,
        },
      ]
    : [];
}

/** Rotations. Each replaces half a dozen resources, and has one meaning. */
function rotations(changes: readonly ResourceChange[]): RatedFinding[] {
  const replaced = (type: string, name: RegExp) =>
    changes.some(
      (change) => is(change, type) && name.test(change.name) && change.op !== "create" && change.op !== "delete",
    );
  const meanings: RatedFinding[] = [];
  if (replaced("IamUser", /bucket-user$/) || replaced("Secret", /minio-credentials$/))
    meanings.push({
      level: "restarts",
      subject: "MinIO's keys",
      text: "rotate: the new user is created, Loki's pods restart with it, then the old user is deleted",
    });
  if (replaced("Secret", /gateway-login$/)) {
    const toGrafana = replaced("Secret", /grafana-data-source$/);
    const dropped = changes.filter(({ op, name }) => op === "delete" && /gateway-password-\d+$/.test(name));
    meanings.push({
      level: "restarts",
      subject: "the gateway's login",
      text: `rotates: gateway and Alloy restart; the previous login is still accepted${dropped.length > 0 ? ", the one before it no longer" : ""}`,
      fix: `give the new login to ${toGrafana ? "every reader but Grafana, whose data source gets it" : "Grafana and every other reader"} (Secret: output gatewayLoginSecret)`,
    });
  } else if (replaced("Secret", /gateway-htpasswd$/))
    meanings.push({
      level: "restarts",
      subject: "the gateway's users",
      text: "change: the gateway restarts; the logins of readers stay as they are",
    });
  if (replaced("ConfigMap", /minio-ca$/))
    meanings.push({
      level: "restarts",
      subject: "MinIO's CA",
      text: "changes: Loki's pods restart, and trust only the new one",
    });
  return meanings;
}

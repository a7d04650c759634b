import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { Client } from "minio";
import type { ResolvedArgs } from "../../components/resolveArgs.ts";
import { explainErrors } from "../deploy/explainErrors.ts";
import type { Finding } from "../deploy/finding.ts";
import type { StateResource } from "./brokenDeploy.ts";
import { type Check, judged, ok, skipped } from "./check.ts";

/** MinIO's admin, from the stack's config or the environment. */
export interface Admin {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** More than this, and MinIO refuses requests; half of it, and it soon will. */
const MOST_SKEW_SECONDS = 15 * 60;

/** MinIO: reachable with TLS, its clock, its admin's keys. */
export function minioChecks({ objectStorage }: ResolvedArgs, admin: Admin | undefined): Check[] {
  const { tls, ca, mode } = objectStorage;
  const agent = ca && new Agent({ ca: readFileSync(ca.file) });
  return [
    {
      name: "MinIO answers",
      async run() {
        const answer = await headOf(`${objectStorage.endpoint}/minio/health/live`, agent);
        if ("error" in answer) return judged(findingsOf(answer.error, "MinIO"), "");
        const skew = Math.round((Date.now() - answer.date) / 1000);
        const findings: Finding[] =
          Math.abs(skew) > MOST_SKEW_SECONDS / 2
            ? [
                {
                  subject: "MinIO's clock",
                  text: `differs from the clock here by ${skew} seconds; at ${MOST_SKEW_SECONDS} every request is refused`,
                  fix: "compare `date -u` here and on MinIO, and set the wrong one (timedatectl set-ntp true)",
                },
              ]
            : [];
        return judged(findings, `${objectStorage.endpoint}, ${tls ? "TLS" : "plain HTTP"}, clock ${skew} s apart`);
      },
    },
    {
      name: "MinIO's admin",
      async run() {
        if (mode === "existing") return skipped("objectStorage.mode is existing: the stack needs no admin");
        if (!admin)
          return judged(
            [
              {
                subject: "MinIO's admin key",
                text: "is not given",
                fix: "pulumi config set minioAdminUser, pulumi config set --secret minioAdminPassword; or the variables MINIO_USER and MINIO_PASSWORD",
              },
            ],
            "",
          );
        try {
          const buckets = await clientOf(objectStorage, admin).listBuckets();
          return ok(`may list ${buckets.length} buckets`);
        } catch (error) {
          const { code = "", message } = error as { code?: string; message: string };
          return judged(findingsOf(`minio: ${code} ${message}`, "MinIO's admin key"), "");
        }
      },
    },
  ];
}

/** Id of a bucket that a killed deploy may have made without the state's knowledge, if it is there. */
export async function idOfBucket(
  storage: ResolvedArgs["objectStorage"],
  admin: Admin | undefined,
  { type, inputs = {} }: Pick<StateResource, "type" | "inputs">,
): Promise<string | undefined> {
  if (!admin || !type.endsWith(":S3Bucket")) return undefined;
  const bucket = String(inputs.bucket);
  return (await clientOf(storage, admin)
    .bucketExists(bucket)
    .catch(() => false))
    ? bucket
    : undefined;
}

function clientOf({ host, port, tls, region, pathStyle, ca }: ResolvedArgs["objectStorage"], admin: Admin): Client {
  const agent = ca && new Agent({ ca: readFileSync(ca.file) });
  return new Client({
    endPoint: host,
    port,
    useSSL: tls,
    region,
    pathStyle,
    ...admin,
    ...(agent && { transportAgent: agent }),
  });
}

/** The server's date, or why there is no answer. Any HTTP status is an answer. */
async function headOf(url: string, agent: Agent | undefined): Promise<{ date: number } | { error: string }> {
  const { request } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
  return new Promise((done) => {
    const call = request(url, { method: "GET", timeout: 10_000, ...(agent && { agent }) }, (response) => {
      response.resume();
      done({ date: Date.parse(response.headers.date ?? "") || Date.now() });
    });
    call.on("timeout", () => call.destroy(new Error("ETIMEDOUT: no answer in 10 seconds")));
    call.on("error", ({ message, code }: NodeJS.ErrnoException) => done({ error: `${code ?? ""} ${message}` }));
    call.end();
  });
}

/** What is known of an error, or the error itself. */
function findingsOf(error: string, subject: string): Finding[] {
  const known = explainErrors([error]);
  return known.length > 0
    ? known
    : [
        {
          subject,
          text: error.trim(),
          fix: "check objectStorage.endpoint and caFile, and that this machine reaches it",
        },
      ];
}

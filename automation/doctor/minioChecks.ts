import type { ResolvedArgs } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import type { StateResource } from "../engine/state.ts";
import {
  type MinioAddress,
  type MinioKeys,
  minioClient,
  minioDate,
  minioFindings,
  NO_KEYS,
  refusedKeys,
} from "../explain/minioEvidence.ts";
import { type Check, judged, skipped } from "./check.ts";

/** More than this, and MinIO refuses requests; half of it, and it soon will. */
const MOST_SKEW_SECONDS = 15 * 60;

/** MinIO: reachable with TLS, its clock, its admin's keys. */
export function minioChecks({ objectStorage }: ResolvedArgs, admin: MinioKeys | undefined): Check[] {
  const { tls, mode } = objectStorage;
  return [
    {
      name: "MinIO answers",
      async run() {
        const answer = await minioDate(addressOf(objectStorage));
        if ("error" in answer) return judged(minioFindings(answer.error, "MinIO"), "");
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
        if (!admin) return judged([NO_KEYS], "");
        return judged(await refusedKeys(addressOf(objectStorage), admin), "may list buckets");
      },
    },
  ];
}

/** Id of a bucket that a killed deploy may have made without the state's knowledge, if it is there. */
export async function idOfBucket(
  storage: ResolvedArgs["objectStorage"],
  admin: MinioKeys | undefined,
  { type, inputs = {} }: Pick<StateResource, "type" | "inputs">,
): Promise<string | undefined> {
  if (!admin || !type.endsWith(":S3Bucket")) return undefined;
  const bucket = String(inputs.bucket);
  return (await minioClient(addressOf(storage), admin)
    .bucketExists(bucket)
    .catch(() => false))
    ? bucket
    : undefined;
}

const addressOf = ({ ca, ...storage }: ResolvedArgs["objectStorage"]): MinioAddress => ({
  ...storage,
  ...(ca && { caFile: ca.file }),
});

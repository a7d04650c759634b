import type { ResolvedArgs } from "../../components/args.ts";
import type { Finding } from "../../components/findings.ts";
import type { StateResource } from "../engine/stackState.ts";
import {
  type MinioAddress,
  type MinioKeys,
  minioClient,
  minioDate,
  minioFindings,
  NO_KEYS,
  refusedKeys,
} from "../explain/minioEvidence.ts";
import { type Check, type CheckResult, judged, skipped } from "./check.ts";

/** MinIO refuses requests beyond this difference. Half of it is a warning. */
const MOST_SKEW_SECONDS = 15 * 60;

/** MinIO: its address and TLS, its clock, its admin's keys. */
export const minioChecks = ({ objectStorage }: ResolvedArgs, admin: MinioKeys | undefined): Check[] => [
  { name: "MinIO answers", run: () => checkAnswer(objectStorage) },
  { name: "MinIO's admin", run: () => checkAdmin(objectStorage, admin) },
];

type ObjectStorage = ResolvedArgs["objectStorage"];

/** MinIO answers, and its clock is right. */
export async function checkAnswer(objectStorage: ObjectStorage): Promise<CheckResult> {
  const answer = await minioDate(addressOf(objectStorage));
  if ("error" in answer) return judged(minioFindings(answer.error, "MinIO"), "");
  const skew = Math.round((Date.now() - answer.date) / 1000);
  const finding: Finding = {
    subject: "MinIO's clock",
    text: `differs from the clock here by ${skew} seconds; at ${MOST_SKEW_SECONDS} every request is refused`,
    fix: "compare `date -u` here and on MinIO, and set the wrong one (timedatectl set-ntp true)",
  };
  const transport = objectStorage.tls ? "TLS" : "plain HTTP";
  return judged(
    Math.abs(skew) > MOST_SKEW_SECONDS / 2 ? [finding] : [],
    `${objectStorage.endpoint}, ${transport}, clock ${skew} s apart`,
  );
}

/** MinIO accepts its admin's keys. */
export async function checkAdmin(objectStorage: ObjectStorage, admin: MinioKeys | undefined): Promise<CheckResult> {
  if (objectStorage.mode === "existing") return skipped("objectStorage.mode is existing: the stack needs no admin");
  if (!admin) return judged([NO_KEYS], "");
  return judged(await refusedKeys(addressOf(objectStorage), admin), "may list buckets");
}

/** The name of a planned bucket that exists, although the state does not have it. */
export async function idOfBucket(
  storage: ObjectStorage,
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

const addressOf = ({ ca, ...storage }: ObjectStorage): MinioAddress => ({
  ...storage,
  ...(ca && { caFile: ca.file }),
});

import { readStackFile, type StackFile, stackNames } from "../automation/plan/stackFiles.ts";
import type { Finding } from "../components/findings.ts";
import { bucketName } from "../components/objectStorage/args.ts";

/** A bucket on one object store. */
export interface BucketPlace {
  /** URL of the object store. */
  readonly endpoint: string;
  readonly bucket: string;
}

/** The other stack files of the project. Files that cannot be read are left out: checking their own stack reports them. */
export const otherStackFiles = (stack: string): StackFile[] =>
  stackNames()
    .filter((name) => name !== stack)
    .flatMap((name) => {
      try {
        return [readStackFile(name)];
      } catch {
        return [];
      }
    });

/** Other stacks that use the bucket of a stack. Each would delete the other's lines after its own retention, and could read them. */
export function sharedBucket(own: BucketPlace, others: readonly StackFile[]): Finding | undefined {
  const sharing = others.filter((file) => placeOf(bucketOf(file)) === placeOf(own)).map(({ stack }) => stack);
  if (sharing.length === 0) return undefined;
  return {
    subject: "objectStorage.bucket",
    given: own.bucket,
    text: `a bucket that no other stack uses; ${sharing.join(" and ")} would delete and read this stack's lines, and this stack theirs`,
    fix: "remove objectStorage.bucket from these stack files: each stack then has its own, loki-<cluster.name>",
  };
}

const placeOf = ({ endpoint, bucket }: Partial<BucketPlace>): string =>
  `${bucket} at ${endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).host : endpoint}`;

function bucketOf({ config }: StackFile): Partial<BucketPlace> {
  const storage = parsed(config["logging:objectStorage"]) as Partial<BucketPlace>;
  const cluster = parsed(config["logging:cluster"]) as { name?: string };
  return { ...storage, bucket: bucketName(storage, String(cluster.name)) };
}

function parsed(text: string | undefined): object {
  try {
    return (JSON.parse(text ?? "{}") as object | null) ?? {};
  } catch {
    // Checking that stack's own config reports what is wrong with it.
    return {};
  }
}

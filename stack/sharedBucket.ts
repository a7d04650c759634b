import type { StackFile } from "../automation/plan/stackFiles.ts";
import type { Finding } from "../components/findings.ts";
import { bucketName } from "../components/objectStorage/args.ts";
import { groupOf } from "./otherStackFiles.ts";

/** Where a stack's config puts its bucket. */
export interface BucketOfStack {
  readonly stack: string;
  readonly clusterName: string;
  readonly mode?: string | undefined;
  /** URL of the object store. */
  readonly endpoint?: string | undefined;
  /** The bucket's name, if the config has one. */
  readonly bucket?: string | undefined;
}

/** Other stacks that use the bucket of a stack. Each would delete the other's lines after its own retention, and could read them. */
export function sharedBucket(own: BucketOfStack, others: readonly StackFile[]): Finding | undefined {
  const sharing = others.map(bucketOf).filter((other) => placeOf(other) === placeOf(own));
  if (sharing.length === 0) return undefined;
  const names = sharing.map(({ stack }) => stack).join(" and ");
  return {
    subject: "objectStorage.bucket",
    given: bucketName(own, own.clusterName),
    text: `a bucket that no other stack uses; ${names} would delete and read this stack's lines, and this stack theirs`,
    fix: [own, ...sharing].flatMap((stack) => ownBucketFix(stack) ?? []).join("; "),
  };
}

/** How a stack gets a bucket for itself. `undefined` if it has the one that its name gives it. */
function ownBucketFix({ stack, clusterName, mode, bucket }: BucketOfStack): string | undefined {
  const file = `Pulumi.${stack}.yaml`;
  if (bucket === undefined)
    return clusterName === stack ? undefined : `write ${stack} as cluster.name in ${file}, not ${clusterName}`;
  if (bucket === `loki-${stack}` && clusterName === stack) return undefined;
  return mode === "existing"
    ? `name another bucket in ${file}`
    : `remove objectStorage.bucket from ${file}: it then has loki-${stack}`;
}

const placeOf = ({ endpoint, ...storage }: BucketOfStack): string =>
  `${bucketName(storage, storage.clusterName)} at ${endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).host : endpoint}`;

function bucketOf(file: StackFile): BucketOfStack {
  const storage = groupOf(file, "objectStorage") as Partial<BucketOfStack>;
  return { ...storage, stack: file.stack, clusterName: String(groupOf(file, "cluster").name) };
}

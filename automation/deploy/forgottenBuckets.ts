// The MinIO provider (0.17.1) treats every error as "the bucket is gone", even a wrong key or no answer. A refresh then drops the bucket
// and its protection from the state, and no later deploy can create it again.

import type { Finding } from "../../components/findings.ts";
import { protectedResources, type StackState } from "../engine/stackState.ts";
import { nameOf } from "../engine/urn.ts";
import {
  type MinioAddress,
  type MinioKeys,
  minioClient,
  minioDate,
  minioFindings,
  NO_KEYS,
  refusedKeys,
} from "../explain/minioEvidence.ts";

/** The MinIO and the keys of the provider in the state. Keys that are not in the state come from the environment. */
export interface RememberedMinio {
  readonly address: MinioAddress;
  readonly keys?: MinioKeys;
}

/** Buckets of an exported state, each with the MinIO that a refresh asks: that of the provider in the state, not that of the config. */
export function rememberedBuckets(
  { resources = [] }: StackState,
  environment: Readonly<Record<string, string | undefined>>,
): Array<{ readonly name: string; readonly bucket: string; readonly minio: RememberedMinio }> {
  return resources.flatMap(({ urn, type, id, provider }) => {
    if (!type.endsWith(":S3Bucket") || !id) return [];
    const inputs = resources.find((one) => `${one.urn}::${one.id}` === provider)?.inputs;
    return inputs ? [{ name: nameOf(urn), bucket: id, minio: remembered(inputs, environment) }] : [];
  });
}

function remembered(
  inputs: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): RememberedMinio {
  const given = (key: string): string | undefined => plain(inputs[key]);
  const server = new URL(`http://${given("minioServer")}`);
  const tls = given("minioSsl") === "true";
  const [accessKey, secretKey] = [
    given("minioUser") ?? environment.MINIO_USER,
    given("minioPassword") ?? environment.MINIO_PASSWORD,
  ];
  const caFile = given("minioCacertFile");
  return {
    address: {
      host: server.hostname,
      port: Number(server.port) || (tls ? 443 : 80),
      tls,
      region: given("minioRegion") ?? "us-east-1",
      ...(caFile !== undefined && { caFile }),
    },
    ...(accessKey && secretKey && { keys: { accessKey, secretKey } }),
  };
}

/** The text of a provider's input. The state is exported with its secrets, and has each of them as JSON. */
function plain(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object") return String(value);
  const { plaintext } = value as { plaintext?: string };
  return plaintext === undefined ? undefined : String(JSON.parse(plaintext));
}

/** Buckets that a refresh would forget, each with the reason. A bucket that is really gone is not a finding. */
export async function bucketsOutOfSight(
  stack: string,
  state: StackState,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  const looks = rememberedBuckets(state, environment).map(async ({ name, bucket, minio }) => {
    const why = await outOfSight(bucket, minio);
    if (why.length === 0) return [];
    const { host, port } = minio.address;
    return [
      {
        subject: name,
        text: `cannot be seen at ${host}:${port}, where the last deploy looked; a refresh would drop it and its protection from the state`,
        fix: `fix the problem below; if the address or the key has changed since: npm run deploy -- up --stack ${stack}, then refresh`,
      },
      ...why,
    ];
  });
  return (await Promise.all(looks)).flat();
}

async function outOfSight(bucket: string, { address, keys }: RememberedMinio): Promise<Finding[]> {
  const answer = await minioDate(address);
  if ("error" in answer) return minioFindings(answer.error, "MinIO");
  if (!keys) return [NO_KEYS];
  try {
    await minioClient(address, keys).bucketExists(bucket);
    return [];
  } catch (error) {
    // This answer has no body. Listing the buckets tells which key is wrong.
    const refused = await refusedKeys(address, keys);
    return refused.length > 0 ? refused : minioFindings((error as Error).message, "MinIO");
  }
}

/** Protected resources that an operation dropped from the state. */
export function lostProtected(stack: string, before: StackState, after: StackState): Finding[] {
  const kept = new Set(protectedResources(after).map(({ urn }) => urn));
  return protectedResources(before)
    .filter(({ urn }) => !kept.has(urn))
    .map(({ name }) => ({
      subject: name,
      text: "was dropped from the state: the refresh did not see it",
      fix: `if it still exists, npm run doctor -- ${stack} prints the command that imports it`,
    }));
}

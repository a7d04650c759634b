// What a refresh does to the bucket. The MinIO provider (0.17.1) takes every error when it reads a bucket for a bucket that is gone, even a
// wrong key or no answer. The refresh then forgets the bucket with its protection, and no later deploy can create it.

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

/** Where the state's provider looks, and with which keys; those that are not in the state it takes from the environment. */
export interface RememberedMinio {
  readonly address: MinioAddress;
  readonly keys?: MinioKeys;
}

/** Buckets of an exported state, each with the MinIO that a refresh will ask for it: the state's provider, and not the config. */
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

/** Text of a provider's input, of a secret one too: the state is exported with its secrets, and holds each as JSON. */
function plain(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object") return String(value);
  const { plaintext } = value as { plaintext?: string };
  return plaintext === undefined ? undefined : String(JSON.parse(plaintext));
}

/** Buckets that a refresh would forget, with the reason why they cannot be seen. A bucket that is gone is not a finding. */
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
        text: `cannot be seen at ${host}:${port}, where the last deploy looked; a refresh would take it for gone, and forget it with its protection`,
        fix: `fix the problem below; if the address or the key has been changed since: npm run deploy -- up --stack ${stack}, and refresh after that`,
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
    // The answer to that request has no body. Another request reports which of the keys is wrong.
    const refused = await refusedKeys(address, keys);
    return refused.length > 0 ? refused : minioFindings((error as Error).message, "MinIO");
  }
}

/** Protected resources that were in the state before an operation and are not any more. */
export function lostProtected(stack: string, before: StackState, after: StackState): Finding[] {
  const kept = new Set(protectedResources(after).map(({ urn }) => urn));
  return protectedResources(before)
    .filter(({ urn }) => !kept.has(urn))
    .map(({ name }) => ({
      subject: name,
      text: "is not in the state any more: the refresh did not see it",
      fix: `if it is there all the same, npm run doctor -- ${stack} names the command that takes it in again`,
    }));
}

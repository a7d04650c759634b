import { randomBytes } from "node:crypto";
import type { Manifest, ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import { helmTemplates } from "../../../automation/plan/helmTemplate.ts";
import { GATEWAY_ENV, gatewayUsername, htpasswdLine } from "../../../components/gateway/password.ts";
import { STORAGE_ENV } from "../../../components/objectStorage/credentials.ts";
import { chartsMissing } from "../charts.ts";
import type { Loose } from "../manifest.ts";
import type { Keys } from "../minio.ts";
import { plan, resource, stackFile } from "../plannedStack.ts";
import type { Mountable } from "../pods/volumes.ts";
import { objectsOfValues } from "../withoutCharts/objectsOfValues.ts";

/** One stack as it would be sent, with keys made here instead of those that only an engine creates. */
export interface RenderedStack {
  readonly name: string;
  readonly namespace: string;
  readonly bucket: string;
  /** MinIO's policy of the stack's user. */
  readonly policy: { readonly name: string; readonly document: string };
  readonly pushUrl: string;
  readonly queryUrl: string;
  /** Objects of both releases; without charts, those of them that processes see. */
  readonly manifests: readonly Manifest[];
  readonly objects: Mountable;
  /** Keys that Loki uses, and those that Alloy and readers use. */
  storageKeys: Keys;
  gatewayLogin: Keys;
  /** Puts new keys into the Secrets, as a rotation does: the pods get them when they start. */
  setStorageKeys(keys: Keys): void;
  setGatewayUsers(accepted: readonly Keys[], current: Keys): void;
  setCertificateAuthority(pem: string): void;
}

/** What of a stack a run changes: nothing that the rendered configs say, but what they refer to. */
export interface StackInputs {
  readonly stack: string;
  /** File with MinIO's private CA, which is made on the spot. */
  readonly caFile: string;
  /** Changes of the stack's config, for scenarios that are about one. */
  readonly change?: (config: Loose) => void;
}

const SECRET = "kubernetes:core/v1:Secret";

/** Keys as the stack makes them: 40 letters and digits. */
export const newKeys = (accessKey: string): Keys => ({ accessKey, secretKey: randomBytes(20).toString("hex") });

/** Plans a stack and renders both of its releases: with their charts, or without them if `standIns` lists the charts. */
export async function renderStack({ stack, caFile, change }: StackInputs): Promise<RenderedStack> {
  const planned = await plan(
    stackFile(
      (config) => {
        config.objectStorage.caFile = caFile;
        change?.(config);
      },
      { stack },
    ),
  );
  const inputs = (name: string, type?: string): Loose => resource(planned, name, type).inputs;
  const releases = ["loki", "alloy"].map((name) => inputs(`logging-${name}`) as ReleaseInputs);
  const perRelease = chartsMissing() ? releases.map(objectsOfValues) : await helmTemplates(releases);
  const manifests = perRelease.flat();
  const { bucket } = inputs("logging-bucket");
  const policy = inputs("logging-bucket-policy");

  const secrets: Record<string, Record<string, string>> = {};
  for (const { name, type } of planned.resources) if (type === SECRET) secrets[`${name}-[auto]`] = {};
  const configMaps: Record<string, Record<string, string>> = {};
  for (const { type, name, inputs: own } of planned.resources)
    if (type === "kubernetes:core/v1:ConfigMap") configMaps[`${name}-[auto]`] = { ...(own.data as object) };
  for (const { kind, metadata, data } of manifests)
    if (kind === "ConfigMap") configMaps[metadata.name] = { ...(data as object) };

  const result: RenderedStack = {
    name: stack,
    namespace: String(releases[0]?.namespace),
    bucket,
    policy: { name: policy.name, document: policy.policy },
    pushUrl: String(planned.outputs.pushUrl),
    queryUrl: String(planned.outputs.queryUrl),
    manifests,
    objects: { configMaps, secrets },
    storageKeys: newKeys(inputs("logging-bucket-user").name),
    gatewayLogin: newKeys(gatewayUsername(1)),
    setStorageKeys(keys) {
      this.storageKeys = keys;
      secrets["logging-minio-credentials-[auto]"] = {
        [STORAGE_ENV.accessKey]: keys.accessKey,
        [STORAGE_ENV.secretKey]: keys.secretKey,
      };
    },
    setGatewayUsers(accepted, current) {
      this.gatewayLogin = current;
      const lines = accepted.map(({ accessKey, secretKey }) => htpasswdLine(accessKey, secretKey));
      secrets["logging-gateway-htpasswd-[auto]"] = { ".htpasswd": `${lines.join("\n")}\n` };
      secrets["logging-gateway-login-[auto]"] = {
        [GATEWAY_ENV.username]: current.accessKey,
        [GATEWAY_ENV.password]: current.secretKey,
      };
    },
    setCertificateAuthority(pem) {
      configMaps["logging-minio-ca-[auto]"] = { "ca.crt": pem };
    },
  };
  result.setStorageKeys(result.storageKeys);
  result.setGatewayUsers([result.gatewayLogin], result.gatewayLogin);
  return result;
}

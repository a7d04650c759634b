import { randomBytes } from "node:crypto";
import type { ReleaseInputs } from "../../../automation/plan/helmTemplate.ts";
import { helmTemplates } from "../../../automation/plan/helmTemplate.ts";
import type { OfflinePlan } from "../../../automation/plan/offlinePlan.ts";
import { alloyName, GATEWAY_ENV, htpasswdLine, readerName } from "../../../components/gateway/password.ts";
import type { Manifest } from "../../../components/helm/manifest.ts";
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
  /** Objects of both releases. Without charts: only those that have an effect on a process. */
  readonly manifests: readonly Manifest[];
  readonly objects: Mountable;
  /** Keys that Loki uses, and those that readers use. */
  storageKeys: Keys;
  gatewayLogin: Keys;
  /** Puts new keys into the Secrets, as a rotation does. Pods get them at their next start. */
  setStorageKeys(keys: Keys): void;
  setGatewayUsers(accepted: readonly Keys[], current: Keys): void;
  setCertificateAuthority(pem: string): void;
}

/** What a run changes of a stack: things that the rendered configs refer to, not the configs themselves. */
export interface StackInputs {
  readonly stack: string;
  /** File with MinIO's private CA, made for this run. */
  readonly caFile: string;
  /** Changes the stack's config. */
  readonly change?: (config: Loose) => void;
}

/** Keys like those that the stack makes: 40 letters and digits. */
export const newKeys = (accessKey: string): Keys => ({ accessKey, secretKey: randomBytes(20).toString("hex") });

/** Alloy's login of the same generation. */
export const alloyOf = ({ accessKey, secretKey }: Keys): Keys => ({
  accessKey: alloyName(Number(accessKey.split("-").at(-1))),
  secretKey,
});

/** Plans a stack and renders both of its releases: with their charts, or without them as `standIns` reports. */
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
  const inputs = (name: string): Loose => resource(planned, name).inputs;
  const manifests = await renderReleases(["loki", "alloy"].map((name) => inputs(`logging-${name}`)));
  const { secrets, configMaps } = plannedObjects(planned, manifests);
  const policy = inputs("logging-bucket-policy");

  const result: RenderedStack = {
    name: stack,
    namespace: String(inputs("logging-loki").namespace),
    bucket: inputs("logging-bucket").bucket,
    policy: { name: policy.name, document: policy.policy },
    pushUrl: String(planned.outputs.pushUrl),
    queryUrl: String(planned.outputs.queryUrl),
    manifests,
    objects: { configMaps, secrets },
    storageKeys: newKeys(inputs("logging-bucket-user").name),
    gatewayLogin: newKeys(readerName(1)),
    setStorageKeys(keys) {
      this.storageKeys = keys;
      secrets["logging-minio-credentials-[auto]"] = {
        [STORAGE_ENV.accessKey]: keys.accessKey,
        [STORAGE_ENV.secretKey]: keys.secretKey,
      };
    },
    setGatewayUsers(accepted, current) {
      this.gatewayLogin = current;
      const lines = [...accepted, ...accepted.map(alloyOf)].map((keys) => htpasswdLine(keys.accessKey, keys.secretKey));
      secrets["logging-gateway-htpasswd-[auto]"] = { ".htpasswd": `${lines.join("\n")}\n` };
      secrets["logging-alloy-login-[auto]"] = {
        [GATEWAY_ENV.username]: alloyOf(current).accessKey,
        [GATEWAY_ENV.password]: current.secretKey,
      };
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

export async function renderReleases(releases: readonly ReleaseInputs[]): Promise<Manifest[]> {
  const perRelease = chartsMissing() ? releases.map(objectsOfValues) : await helmTemplates(releases);
  return perRelease.flat();
}

type Contents = Record<string, Record<string, string>>;

/** Secrets and ConfigMaps by name. Those of the plan get the names that the offline plan invents; its Secrets are empty. */
function plannedObjects(
  planned: OfflinePlan,
  manifests: readonly Manifest[],
): { secrets: Contents; configMaps: Contents } {
  const secrets: Contents = {};
  const configMaps: Contents = {};
  for (const { type, name, inputs } of planned.resources) {
    if (type === "kubernetes:core/v1:Secret") secrets[`${name}-[auto]`] = {};
    if (type === "kubernetes:core/v1:ConfigMap") configMaps[`${name}-[auto]`] = { ...(inputs.data as object) };
  }
  for (const { kind, metadata, data } of manifests)
    if (kind === "ConfigMap") configMaps[metadata.name] = { ...(data as object) };
  return { secrets, configMaps };
}

import type { Input } from "@pulumi/pulumi";

/** Names of objects that the values refer to. A name is not secret, so a preview shows every change. */
export interface LokiReferences {
  readonly credentialsSecret: Input<string>;
  readonly gatewaySecret: Input<string>;
  /** The readers' login, for the canary. */
  readonly readerLoginSecret: Input<string>;
  /** ConfigMap with MinIO's private CA, key `ca.crt`. */
  readonly caConfigMap?: Input<string>;
  readonly pullSecrets: ReadonlyArray<Input<string>>;
}

/** Folder in which the CA is mounted. */
export const CA_MOUNT = "/etc/loki/ca";

import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import type * as pulumi from "@pulumi/pulumi";

/** Registers the ConfigMap with MinIO's private CA for Loki's pods. Immutable and auto-named, so that a new CA restarts them. */
export function createCaConfigMap(
  name: string,
  namespace: pulumi.Input<string>,
  pem: string,
  opts: pulumi.CustomResourceOptions,
): ConfigMap {
  return new ConfigMap(`${name}-minio-ca`, { metadata: { namespace }, immutable: true, data: { "ca.crt": pem } }, opts);
}

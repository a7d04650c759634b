import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole.js";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ResolvedArgs } from "../../args.ts";
import { EVENTS_WORKLOAD } from "../../releaseNames.ts";
import type { AlloyReferences } from "../values.ts";
import { EVENTS_RULES, eventsClaimSpec, eventsDeploymentSpec, eventsPipeline } from "./workload.ts";

/**
 * A pod of the newest template is ready. Pulumi's own wait would end at once when the pod is replaced: with `Recreate`, Kubernetes first
 * stops the old pod, and reports the change as seen while that one still counts as ready. There is no newer ReplicaSet yet to wait for.
 * https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/await/deployment.go (the wait)
 * https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/metadata/overrides.go (the annotation)
 */
const REPLACED = ["jsonpath={.status.updatedReplicas}=1", "jsonpath={.status.availableReplicas}=1"];

/** Registers the pod that sends Kubernetes events, with its right to read them and its disk. Nothing if `alloy.events` is off. */
export function createEvents(
  name: string,
  namespace: pulumi.Input<string>,
  args: ResolvedArgs,
  refs: AlloyReferences,
  opts: pulumi.CustomResourceOptions,
): void {
  if (!args.alloy.events.enabled) return;
  const resource = `${name}-${EVENTS_WORKLOAD}`;
  const metadata = { name: EVENTS_WORKLOAD, namespace };
  const serviceAccount = new ServiceAccount(resource, { metadata }, opts);
  // Objects of the whole cluster. Another stack in the same cluster has another namespace.
  const clusterWide = { name: `${args.namespace}-${EVENTS_WORKLOAD}` };
  const role = new ClusterRole(resource, { metadata: clusterWide, rules: EVENTS_RULES }, opts);
  const binding = new ClusterRoleBinding(
    resource,
    {
      metadata: clusterWide,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount.metadata.name, namespace }],
    },
    opts,
  );
  const configMap = new ConfigMap(resource, { metadata, data: { "config.yaml": eventsPipeline(args) } }, opts);
  const claim = new PersistentVolumeClaim(
    resource,
    // The disk is made where the pod is placed, so the claim waits for the pod.
    { metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } }, spec: eventsClaimSpec(args) },
    opts,
  );
  const wait = `${args.alloy.timeoutSeconds}s`;
  new Deployment(
    resource,
    {
      metadata: { ...metadata, annotations: { "pulumi.com/waitFor": JSON.stringify(REPLACED) } },
      spec: eventsDeploymentSpec(args, {
        ...refs,
        serviceAccount: serviceAccount.metadata.name,
        configMap: configMap.metadata.name,
        claim: claim.metadata.name,
      }),
    },
    {
      ...opts,
      customTimeouts: { create: wait, update: wait },
      dependsOn: [binding, ...[opts.dependsOn ?? []].flat()] as pulumi.Resource[],
    },
  );
}

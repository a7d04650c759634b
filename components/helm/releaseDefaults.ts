/** Options of both releases. https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/ */
export const releaseDefaults = {
  createNamespace: false,
  // Wait until the pods are ready. Later resources rely on them, and a failed roll-out must fail `up`.
  skipAwait: false,
  // Not atomic. That would remove a failed first install, and the evidence with it.
  atomic: false,
  cleanupOnFail: true,
  // Helm keeps each revision in a Secret.
  maxHistory: 5,
} as const;

/** Options of both releases. https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/ */
export const releaseDefaults = {
  createNamespace: false,
  // Wait until the pods are ready: what follows in the stack relies on it, and a failed roll-out must fail `up`.
  skipAwait: false,
  // Not atomic: a first install that fails would be removed together with the evidence.
  atomic: false,
  cleanupOnFail: true,
  // Helm keeps each revision in a Secret.
  maxHistory: 5,
} as const;

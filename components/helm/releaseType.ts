/** Pulumi's type of a Helm release. */
export const RELEASE_TYPE = "kubernetes:helm.sh/v3:Release";

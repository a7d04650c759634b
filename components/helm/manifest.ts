/** A Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** A manifest's fields. No type describes them. */
// biome-ignore lint/suspicious/noExplicitAny: any kind of object.
export type Fields = any;

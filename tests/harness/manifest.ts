/**
 * A Kubernetes object, or part of one, or a stack's config as a test changes it. Tests read fields of many kinds and write values that no
 * type allows.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type Loose = any;

/** Shown in place of a secret. */
export const SECRET = "[secret]";

/** Shown in place of a secret that differs from the one before. */
export const CHANGED_SECRET = "[secret, changed]";

/** Shown in place of a secret, with a digest by which two plans can be compared. Only placeholders are marked: no real secret is known offline. */
export const markedSecret = (digest: string): string => `[secret ${digest}]`;

/** Matches every {@link markedSecret}. */
export const MARKED_SECRET = /\[secret [0-9a-f]+\]/g;

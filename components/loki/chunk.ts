/** A chunk is full, and stored, at this size, MiB. */
export const CHUNK_MIB = 1.5;

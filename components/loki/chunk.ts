/** Size at which a chunk is full and is stored, MiB. */
export const CHUNK_MIB = 1.5;

/** Parts of the stack with separate CPU and memory figures. */
export const PARTS = ["alloy", "gateway", "write", "read", "backend", "caches"] as const;
export type Part = (typeof PARTS)[number];

/** Methods by which MinIO's requests are counted. */
export const METHODS = ["PUT", "GET", "HEAD", "LIST", "DELETE"] as const;
export type Requests = Record<(typeof METHODS)[number], number>;

export const QUERIES = ["last hour of one application", "error rate by namespace", "needle in a day"] as const;
export type Query = (typeof QUERIES)[number];

/** What it took to get all lines into MinIO. */
export interface IngestFigures {
  /** From the first line until all lines and their index are in MinIO. */
  readonly seconds: number;
  readonly cpuSeconds: Record<Part, number>;
  /** Of the largest pod of each part. */
  readonly peakMiB: Record<Part, number>;
  readonly requests: Requests;
}

/** What is in the bucket afterwards. */
export interface StorageFigures {
  readonly chunks: { readonly count: number; readonly bytes: number };
  readonly indexBytes: number;
}

/** What queries find, and how long they take. */
export interface QueryFigures {
  readonly streams: number;
  /** Lines that Loki finds. */
  readonly found: number;
  /** Milliseconds: the first time, with nothing cached, the median of the others, and the readers' CPU time on average. */
  readonly queries: Record<Query, { readonly first: number; readonly median: number; readonly cpu: number }>;
  /** MB of lines that one core of the readers searches per second of CPU time, for the needle. */
  readonly searchedPerCore: number;
}

/** One query, asked several times. */
export interface QueryCost {
  /** Milliseconds of the readers' CPU. */
  readonly cpu: number;
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** What Loki reports about it. */
  readonly summary: string;
}

/** What queries cost with one config of the readers: the first time after a start, and later. */
export interface ReaderFigures {
  readonly name: string;
  readonly queries: Record<Query, { readonly first: QueryCost; readonly others: QueryCost }>;
}

/** All figures of one variant. */
export interface Figures extends IngestFigures, StorageFigures, QueryFigures {
  readonly name: string;
  readonly readers: readonly ReaderFigures[];
}

export const perPart = (of: (part: Part) => number): Record<Part, number> =>
  Object.fromEntries(PARTS.map((part) => [part, of(part)])) as Record<Part, number>;

import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The only login that the gateway accepts for reading. */
export const READER = { user: "logging-2", password: "of-readers" } as const;

/** How the fakes behave. A test may change it at any time. */
export interface Behaviour {
  /** Requests to the Kubernetes API that never get an answer, as `GET /api/v1/…`. */
  silent?: RegExp;
  /** How many of the three writers are ready. Default: 3. */
  writersReady?: number;
  /** Nodes besides the two that have a ready agent. `forbidden`: the login may not list them. */
  nodes?: object[] | "forbidden";
  /** Alloy's pods besides the ready ones. */
  agents?: object[];
  /** What Loki's volume API answers, given its parameters. Default: no volumes. `silent`: nothing, ever. */
  volumes?: ((parameters: URLSearchParams) => object[]) | "silent";
  /** Answer of Loki's volume API instead of volumes: the status and the text. */
  volumeError?: readonly [status: number, text: string];
  /** The writer that refuses to flush. */
  cannotFlush?: string;
  /** Whether Loki gets the line. Default: true. */
  lineArrives?: boolean;
  /** Whether the canary finds its lines. Default: true. */
  canaryFinds?: boolean;
  /** Labels that Loki shows instead of the right ones. */
  labels?: Record<string, string>;
  /** How many requests it takes to delete the pod. `forbidden`: every one is refused. Default: 1. */
  deletions?: number | "forbidden";
  /** The page of the bucket's endless listing that contains a new object. */
  newObjectOnPage?: number;
}

/** What the fakes share: their behaviour, and what they were asked. */
export interface FakeState {
  readonly behaviour: Behaviour;
  /** Names of pods that were created and are still there. */
  readonly pods: Set<string>;
  /** Writers that flushed. */
  readonly flushed: string[];
  /** Every request to Kubernetes and Loki, as `GET /path`. */
  readonly requests: string[];
  /** Lines that the canary has written. */
  canaryLines: number;
  pagesListed: number;
  /** Requests to delete a pod that was there. */
  deletionsAsked: number;
  /** The pod that was created last. */
  lastPod: string;
  /** The pod that a connection to Loki is meant for, by the connection's local port. */
  readonly podBehind: Map<number | undefined, string>;
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

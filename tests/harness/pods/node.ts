import { join } from "node:path";
import type { Program } from "../programs.ts";
import type { Mountable } from "./volumes.ts";

/** Which probe of a container decides that it is ready. */
export type Probe = "readiness" | "liveness";

/** Everything around a pod. */
export interface PodContext {
  /** Folder of the whole run. */
  readonly folder: string;
  readonly programs: Readonly<Partial<Record<Program, string>>>;
  readonly namespace: string;
  readonly probe: Probe;
  readonly objects: () => Mountable;
}

/** Name of a node whose pods log. */
export const nodeName = (index: number): string => `aks-apps-00000000-vmss00000${index}`;

/** Folder of a node's own files, below the folder of the run. */
export const nodeFolder = (folder: string, index: number): string => join(folder, "nodes", nodeName(index));

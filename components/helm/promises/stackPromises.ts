import type { Finding } from "../../findings.ts";
import { everyNode, images, kubernetesRights, otherImages } from "./access.ts";
import { addresses, networkPolicies } from "./addresses.ts";
import { capacity } from "./capacity.ts";
import { closedConnections } from "./closedConnections.ts";
import { exposure } from "./exposure.ts";
import { gateway } from "./gateway.ts";
import { lokiConfig } from "./lokiConfig.ts";
import { podSecurity } from "./podSecurity.ts";
import { programs } from "./programs.ts";
import { type Breach, PROMISES, type Sides } from "./promise.ts";
import { retentionNotes, retentionStreams } from "./retentionStreams.ts";
import { storageAccess } from "./storageAccess.ts";
import { disks, gracefulStops, probes } from "./workloads.ts";

const CHECKS: ReadonlyArray<(sides: Sides) => Breach[]> = [
  storageAccess,
  gateway,
  exposure,
  addresses,
  networkPolicies,
  programs,
  everyNode,
  probes,
  disks,
  gracefulStops,
  capacity,
  podSecurity,
  kubernetesRights,
  images,
  lokiConfig,
  retentionStreams,
];

/** The promises that rendered objects break. */
export const brokenPromises = (sides: Sides): Breach[] => CHECKS.flatMap((check) => check(sides));

/** What is allowed, and yet deserves a warning. */
export const notesOn = (sides: Sides): Breach[] => [
  ...closedConnections(sides),
  ...retentionNotes(sides),
  ...otherImages(sides),
];

/** A broken promise as an error: the value that breaks it, the promise, the object, and the key that does it right. */
export const breachFinding = ({ promise, object, text, fix }: Breach, subject: string): Finding => ({
  subject,
  text: `${PROMISES[promise]} (${promise})\nbroken by ${object}: ${text}`,
  fix,
});

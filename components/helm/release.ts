import type * as pulumi from "@pulumi/pulumi";
import type { Findings } from "../findings.ts";
import type { ChartArgs } from "../loggingStackArgs.ts";
import { redactUserInfo } from "./secretsInValues.ts";

/** A chart that this project pins. */
export interface PinnedChart {
  readonly name: string;
  readonly repository: string;
  readonly version: string;
}

/** The part of a Helm release that says where its chart comes from. */
export interface ChartSource {
  readonly chart: string;
  readonly version: string;
  readonly repositoryOpts?: { repo?: string; username?: pulumi.Input<string>; password?: pulumi.Input<string> };
}

/** Chart repository, OCI address or local folder, as `helm.v3.Release` wants to be told. */
export function resolveChart(
  pinned: PinnedChart,
  args: ChartArgs | undefined,
  path: string,
  findings: Findings,
): ChartSource {
  const { version } = pinned;
  const source = args?.source ?? pinned.repository;
  const credentials = {
    ...(args?.username && { username: args.username }),
    ...(args?.password && { password: args.password }),
  };
  findings.check(!/^[a-z]+:\/\/[^/]*@/.test(source), {
    subject: `${path}.source`,
    given: redactUserInfo(source),
    text: "no user or password in the address: it stands in clear in the state and in every preview",
    fix: "remove it, make a new password, and set chartRepositoryUsername and the secret chartRepositoryPassword",
  });
  if (/^https:\/\//.test(source))
    return { chart: pinned.name, version, repositoryOpts: { repo: source, ...credentials } };
  if (/^oci:\/\//.test(source)) {
    return { chart: source, version, ...(Object.keys(credentials).length > 0 && { repositoryOpts: credentials }) };
  }
  // An absolute folder would differ from machine to machine and show as a change in every preview.
  findings.check(/^\.{1,2}\//.test(source), {
    subject: `${path}.source`,
    given: redactUserInfo(source),
    text: "a chart repository (https://…), an OCI chart (oci://…/loki), or a folder relative to Pulumi.yaml (./charts/loki)",
    fix: `leave it out for the public repository, or mirror the chart: helm pull ${pinned.name} --repo ${pinned.repository} --version ${version}`,
  });
  return { chart: source, version };
}

/** What both releases have in common. https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/ */
export const releaseDefaults = {
  createNamespace: false,
  // Wait until the pods are ready: what follows in the stack relies on it, and a failed roll-out must fail `up`.
  skipAwait: false,
  // Not atomic: a first install that fails would be removed together with the evidence.
  atomic: false,
  cleanupOnFail: true,
  // Helm keeps each revision in a Secret.
  maxHistory: 5,
} as const;

import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { secretInput, text } from "../argumentTypes.ts";
import type { Findings } from "../findings.ts";
import { redactUserInfo } from "../secretPlaces.ts";

/** Arguments of a Helm chart's source. The project pins the version. */
export const chartArgs = z.strictObject({
  /**
   * A chart repository (`https://…`), the full OCI address of the chart (`oci://myregistry.azurecr.io/helm/loki`), or a chart folder
   * relative to `Pulumi.yaml` (`./charts/loki`).
   * @default - the chart's public repository
   */
  source: text.optional(),
  /**
   * User name for that repository. In a stack, the config key `chartRepositoryUsername`.
   * @default - none
   */
  username: secretInput.optional(),
  /**
   * Password for that repository. In a stack, the secret config key `chartRepositoryPassword`.
   * @default - none
   */
  password: secretInput.optional(),
});

/** A chart that this project pins. */
export interface PinnedChart {
  readonly name: string;
  readonly repository: string;
  readonly version: string;
}

/** The inputs of a Helm release that locate its chart. */
export interface ChartSource {
  readonly chart: string;
  readonly version: string;
  readonly repositoryOpts?: { repo?: string; username?: pulumi.Input<string>; password?: pulumi.Input<string> };
}

/** Checks the address of a chart. */
export function checkChart(
  { name, repository, version }: PinnedChart,
  { source = repository }: z.output<typeof chartArgs>,
  path: string,
  findings: Findings,
): void {
  const subject = `${path}.source`;
  findings.when([subject], () => {
    const given = redactUserInfo(source);
    findings.check(!/^[a-z]+:\/\/[^/]*@/.test(source), {
      subject,
      given,
      text: "no user or password in the address: it is stored unencrypted in the state and shown in every preview",
      fix: "remove it, make a new password, and set chartRepositoryUsername and the secret chartRepositoryPassword",
    });
    // An absolute path would differ between machines and show as a change in every preview.
    findings.check(/^(https|oci):\/\/|^\.{1,2}\//.test(source), {
      subject,
      given,
      text: "a chart repository (https://…), an OCI chart (oci://…/loki), or a folder relative to Pulumi.yaml (./charts/loki)",
      fix: `leave it out for the public repository, or mirror the chart: helm pull ${name} --repo ${repository} --version ${version}`,
    });
  });
}

/** A chart repository, OCI address or local folder, as the inputs of `helm.v3.Release`. */
export function chartSource(pinned: PinnedChart, args: z.output<typeof chartArgs>): ChartSource {
  const { version } = pinned;
  const source = args.source ?? pinned.repository;
  const credentials = {
    ...(args.username && { username: args.username }),
    ...(args.password && { password: args.password }),
  };
  if (/^https:\/\//.test(source))
    return { chart: pinned.name, version, repositoryOpts: { repo: source, ...credentials } };
  if (/^oci:\/\//.test(source))
    return { chart: source, version, ...(Object.keys(credentials).length > 0 && { repositoryOpts: credentials }) };
  return { chart: source, version };
}

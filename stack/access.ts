import { z } from "zod";
import { text } from "../components/argumentTypes.ts";

const aksAccess = z.strictObject({
  /** Asks Azure for the credentials of `cluster.resourceId`. */
  method: z.literal("aks"),
  /**
   * How kubelogin signs in: `azurecli` for a person after `az login`, `workloadidentity` for a pipeline with OIDC, `spn` for a service
   * principal with a secret. https://azure.github.io/kubelogin/concepts/login-modes.html
   */
  login: z.enum(["azurecli", "workloadidentity", "spn"]),
});

const kubeconfigAccess = z.strictObject({
  /** Reads a kubeconfig file. */
  method: z.literal("kubeconfig"),
  /** Path of the kubeconfig, relative to `Pulumi.yaml` or absolute. */
  path: text,
  /** The context in the kubeconfig. */
  context: text,
  /**
   * Address of the API server. An update is refused if the context points to another one.
   * @default - any address
   */
  server: text.optional(),
});

/**
 * How the stack reaches the Kubernetes API, by `method`. It has no default, so that no stack uses a machine's current context by accident.
 */
export const accessArgs = z.discriminatedUnion("method", [aksAccess, kubeconfigAccess]);

/** How this stack reaches the Kubernetes API. */
export type AccessConfig = z.output<typeof accessArgs>;

/** How kubelogin signs in. */
export type KubeloginMode = z.output<typeof aksAccess>["login"];

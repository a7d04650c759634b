import { z } from "zod";
import { explained, secretInput, text } from "../argumentTypes.ts";
import { redactUserInfo } from "../helm/secretsInValues.ts";
import { secretName } from "../kubernetesNames.ts";

/** Arguments of the container images, for clusters that cannot reach public registries. */
export const imagesArgs = z.strictObject({
  /**
   * Registry that mirrors every image under its own path: `myregistry.azurecr.io`.
   * @default - each image's public registry
   */
  registry: text
    .refine(
      (registry) => /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]*[a-z0-9])?$/.test(registry),
      explained({
        text: "host, port and path without a scheme, a user or a password: myregistry.azurecr.io",
        fix: (registry: string) =>
          `write ${registry
            .replace(/^[a-z]+:\/\//, "")
            .replace(/^.*@/, "")
            .replace(/\/+$/, "")}`,
        shown: redactUserInfo,
      }),
    )
    .optional(),
  /**
   * Names of pull Secrets that exist in the namespace.
   * @default []
   */
  pullSecrets: z.array(secretName).default([]),
  /**
   * Content of a Docker `config.json`, which becomes a pull Secret. In a stack, the secret config key `imageRegistryCredentials`.
   * @default - none; AKS with an attached registry needs none
   */
  registryCredentials: secretInput.optional(),
});

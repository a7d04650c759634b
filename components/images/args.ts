import { z } from "zod";
import { explained, secretInput, text } from "../argumentTypes.ts";
import { secretName } from "../kubernetesNames.ts";
import { redactUserInfo } from "../secretPlaces.ts";

const isRegistry = (registry: string): boolean => /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]*[a-z0-9])?$/.test(registry);

/** The registry in an address that has more than that. Image names are in lower case. */
const registryIn = (address: string): string =>
  address
    .replace(/^[a-z0-9+]*:?\/\//i, "")
    .replace(/^[^/]*@/, "")
    .replace(/[?#].*$/, "")
    .replace(/(\/[^:@]*)[:@].*$/, "$1")
    .replace(/\/+/g, "/")
    .replace(/\/$/, "")
    .toLowerCase();

/** Arguments of the container images, for clusters that cannot reach public registries. */
export const imagesArgs = z.strictObject({
  /**
   * Registry that mirrors every image under its own path: `myregistry.azurecr.io`.
   * @default - each image's public registry
   */
  registry: text
    .refine(
      isRegistry,
      explained({
        text: "host, port and path in lower case, without a scheme, a user or a password, and without a tag: myregistry.azurecr.io",
        fix: (registry: string) => {
          const written = registryIn(registry);
          return isRegistry(written)
            ? `write ${written}`
            : "write what `az acr show --query loginServer -o tsv` prints";
        },
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

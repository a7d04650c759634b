import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("a config of images", [
  ...["https://user:PLANTED@myregistry.azurecr.io", "user:PLANTED@myregistry.azurecr.io"].map(
    (registry): Mistake => ({
      what: `a password in the registry's address (${registry.slice(0, 5)})`,
      change: (c) => {
        c.images = { registry };
      },
      path: "images.registry",
      given: registry.replace(/[^/]*@/, "[secret]@"),
      allowed: /without a scheme, a user or a password/,
      fix: /write myregistry\.azurecr\.io$/,
    }),
  ),
  {
    what: "a registry with a scheme",
    change: (c) => {
      c.images = { registry: "https://myregistry.azurecr.io/" };
    },
    path: "images.registry",
    given: "https://myregistry.azurecr.io/",
    allowed: /without a scheme/,
    fix: /write myregistry\.azurecr\.io$/,
  },
  {
    what: "a pull Secret name that Kubernetes refuses",
    change: (c) => {
      c.images = { pullSecrets: ["registry", "My Secret"] };
    },
    path: "images.pullSecrets[1]",
    given: "My Secret",
    allowed: /name of a Secret/,
    fix: /kubectl get secrets/,
  },
  ...['{"auths":{}}', "{}", "myregistry.azurecr.io", '"text"'].map(
    (text): Mistake => ({
      what: `registry credentials that are not a Docker config: ${text}`,
      change: (c) => {
        c.imageRegistryCredentials = text;
      },
      secretKeys: ["imageRegistryCredentials"],
      path: "imageRegistryCredentials",
      allowed: /a Docker config.json with the registry under "auths"/,
      fix: /docker login without a credential helper/,
    }),
  ),
]);

import { explained, text } from "./argumentTypes.ts";

/** The parts of the ARM ID of a resource. */
export interface ArmId {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  /** Of a resource inside another one: both names, the outer first. */
  readonly names: readonly string[];
}

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources */
const RESOURCE_GROUP = "[\\p{L}\\p{N}_.()-]{0,89}[\\p{L}\\p{N}_()-]";

/** Characters of a name. `…` and `<` mark what an example leaves open. */
const NAME = "[^\\s/?#%&<>:+\\\\|…]+";

/** Whether a text can be the name of a resource group. */
export const isResourceGroup = (name: string): boolean => new RegExp(`^${RESOURCE_GROUP}$`, "u").test(name);

/**
 * The parts of an ARM ID, or `undefined` if it is not one of this type. Azure ignores the case of an ID.
 *
 * @param type Provider and type: `Microsoft.Network/virtualNetworks/subnets`.
 */
export function parseArmId(id: string, type: string): ArmId | undefined {
  const match = new RegExp(`^${pattern(type)}$`, "iu").exec(id);
  const [, subscriptionId, resourceGroupName, ...names] = match ?? [];
  return subscriptionId && resourceGroupName ? { subscriptionId, resourceGroupName, names } : undefined;
}

function pattern(type: string): string {
  const [provider, ...types] = type.split("/");
  const path = types.map((one) => `/${one}/(${NAME})`).join("");
  return `/subscriptions/(${GUID})/resourceGroups/(${RESOURCE_GROUP})/providers/${provider?.replace(".", "\\.")}${path}`;
}

/**
 * An argument that takes the ARM ID of a resource.
 *
 * @param type Provider and type: `Microsoft.Monitor/accounts`.
 * @param command Prints the ID.
 * @param placeholders What stands for each name in the error.
 */
export function armId(type: string, command: string, placeholders: readonly string[] = ["<name>"]) {
  const [provider, ...types] = type.split("/");
  const path = types.map((one, i) => `/${one}/${placeholders[i]}`).join("");
  const copy = `copy what \`${command}\` prints`;
  return text.refine(
    (id) => parseArmId(id, type) !== undefined,
    explained({
      text: `/subscriptions/<id>/resourceGroups/<group>/providers/${provider}${path}`,
      fix: (given: string) => {
        // The portal's address has the ID inside.
        const [inside] = new RegExp(`${pattern(type)}(?=[/?#\\s]|$)`, "iu").exec(given) ?? [];
        return inside ? `write ${inside}` : copy;
      },
    }),
  );
}

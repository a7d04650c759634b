// URNs: `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`. https://www.pulumi.com/docs/iac/concepts/resources/names/#urns

/** The name that the program gives a resource. */
export const nameOf = (urn: string): string => urn.split("::").pop() ?? "";

/** The resource's type, without the types of its parents. */
export const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";

/** `type::name`, which identifies a resource within one stack. */
export const keyOfUrn = (urn: string): string => resourceKey({ type: typeOf(urn), name: nameOf(urn) });

/** `type::name`, which identifies a resource within one stack. */
export const resourceKey = ({ type, name }: { readonly type: string; readonly name: string }): string =>
  `${type}::${name}`;

// https://github.com/golang/go/blob/go1.26.5/src/crypto/x509/parser.go, processExtensions
import { isIP } from "node:net";
import { DerReader, TAG } from "./der.ts";
import { isAscii } from "./directoryName.ts";
import { goUrlHost } from "./goUrl.ts";

/** Reads an extension. Throws, or returns false, if Go refuses it. */
type Read = (value: DerReader) => unknown;

/** Extensions that Go reads, by their id. It only counts the others. */
const READ: Readonly<Record<string, { readonly name: string; readonly read: Read; readonly neverCritical?: true }>> = {
  "2.5.29.14": {
    name: "subject key identifier",
    neverCritical: true,
    read: (value) => value.content(TAG.octetString),
  },
  "2.5.29.15": { name: "key usage", read: (value) => value.bits() },
  "2.5.29.17": { name: "subject alternative name", read: alternativeNames },
  "2.5.29.19": { name: "basic constraints", read: basicConstraints },
  "2.5.29.30": { name: "name constraints", read: nameConstraints },
  "2.5.29.31": { name: "CRL distribution points", read: distributionPoints },
  "2.5.29.32": { name: "certificate policies", read: policies },
  "2.5.29.33": { name: "policy mappings", read: policyMappings },
  "2.5.29.35": { name: "authority key identifier", neverCritical: true, read: authorityKey },
  "2.5.29.36": { name: "policy constraints", read: policyConstraints },
  "2.5.29.37": {
    name: "extended key usage",
    read: (value) => each(value.inside(TAG.sequence), (id) => id.objectIdentifier()),
  },
  "2.5.29.54": { name: "inhibit any policy", read: (value) => value.integer({ bits: 64 }) },
  "1.3.6.1.5.5.7.1.1": { name: "authority info access", neverCritical: true, read: infoAccess },
};

/** Why Go refuses an extension, or `undefined`. */
export function extensionProblem(id: string, value: Uint8Array, critical: boolean): string | undefined {
  const known = READ[id];
  if (!known) return undefined;
  if (known.neverCritical && critical) return `the extension ${known.name}, which is marked critical`;
  try {
    if (known.read(new DerReader(value, known.name)) !== false) return undefined;
  } catch {}
  return `the extension ${known.name}`;
}

function each(reader: DerReader, read: Read): boolean {
  while (!reader.isEmpty) if (read(reader) === false) return false;
  return true;
}

function basicConstraints(value: DerReader): void {
  const constraints = value.inside(TAG.sequence);
  if (constraints.has(TAG.boolean)) constraints.boolean();
  if (constraints.has(TAG.integer) && constraints.integer({ bits: 64, signed: false }) >= 2n ** 63n) constraints.fail();
}

/** Kinds of names in a certificate. */
const NAME = { email: 1, dns: 2, uri: 6, ip: 7 } as const;

function alternativeNames(value: DerReader): boolean {
  return each(value.inside(TAG.sequence), (names) => {
    const { tag, content } = names.any();
    switch (tag ^ 0x80) {
      case NAME.email:
      case NAME.dns:
        return isAscii(content);
      case NAME.uri:
        return isAscii(content) && isUri(latin1(content));
      case NAME.ip:
        return content.length === 4 || content.length === 16;
    }
  });
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function isUri(text: string): boolean {
  const host = goUrlHost(text);
  return host !== undefined && isDomain(host) && !host.startsWith(".");
}

const isDomain = (domain: string): boolean => domain === "" || /^\.?[!-\-/-~]+(\.[!-\-/-~]+)*$/.test(domain);

/** https://github.com/golang/go/blob/go1.26.5/src/crypto/x509/verify.go, parseRFC2821Mailbox */
function isMailbox(mailbox: string): boolean {
  const quoted = /^"(?:\\[^\0\n\r]|[^\0\t\n\r"\\])*"@(.*)$/s.exec(mailbox);
  const [, local = "", domain] = /^((?:\\.|[\w!#$%&'*+/=?^`{|}~.-])+)@(.*)$/s.exec(mailbox) ?? [];
  const host = quoted?.[1] ?? domain;
  const hasGoodDots = quoted !== null || !/^\.|\.\.|\.$/.test(local.replace(/\\(.)/gs, "$1"));
  return host !== undefined && hasGoodDots && isDomain(host) && !host.startsWith(".");
}

function nameConstraints(value: DerReader): boolean {
  const constraints = value.inside(TAG.sequence);
  const [permitted, excluded] = [constraints.optional(TAG.partAround(0)), constraints.optional(TAG.partAround(1))];
  const some = [permitted, excluded].some((trees) => trees && !trees.isEmpty);
  if (!value.isEmpty || !constraints.isEmpty || !some) return false;
  return [permitted, excluded].every(
    (trees) => !trees || each(trees, (tree) => isConstraint(tree.inside(TAG.sequence))),
  );
}

function isConstraint(tree: DerReader): boolean {
  const { tag, content } = tree.any();
  const text = latin1(content);
  switch (tag ^ 0x80) {
    case NAME.dns:
      return isAscii(content) && isDomain(text);
    case NAME.email:
      return isAscii(content) && (text.includes("@") ? isMailbox(text) : isDomain(text));
    case NAME.uri:
      return isAscii(content) && isIP(text) === 0 && isDomain(text);
    case NAME.ip:
      return [8, 32].includes(content.length) && isMask(content.subarray(content.length / 2));
    default:
      return true;
  }
}

const isMask = (mask: Uint8Array): boolean =>
  /^1*0*$/.test([...mask].map((byte) => byte.toString(2).padStart(8, "0")).join(""));

function distributionPoints(value: DerReader): boolean {
  return each(value.inside(TAG.sequence), (points) => {
    const name = points.inside(TAG.sequence).optional(TAG.partAround(0))?.inside(TAG.partAround(0));
    while (name?.has(TAG.part(NAME.uri))) name.any();
  });
}

function authorityKey(value: DerReader): void {
  const key = value.inside(TAG.sequence);
  if (key.has(TAG.part(0))) key.any();
}

function policies(value: DerReader): boolean {
  const seen = new Set<string>();
  return each(value.inside(TAG.sequence), (all) => {
    const id = latin1(all.inside(TAG.sequence).content(TAG.objectIdentifier));
    // Its parts have as few bytes as they need.
    const isId = /^(?:[\x81-\xff][\x80-\xff]*[\0-\x7f]|[\0-\x7f])+$/.test(id);
    if (seen.has(id) || !isId) return false;
    seen.add(id);
  });
}

function policyMappings(value: DerReader): boolean {
  return each(value.inside(TAG.sequence), (all) => {
    const mapping = all.inside(TAG.sequence);
    for (let i = 0; i < 2; i += 1) mapping.content(TAG.objectIdentifier);
  });
}

function policyConstraints(value: DerReader): void {
  const constraints = value.inside(TAG.sequence);
  for (const n of [0, 1]) if (constraints.has(TAG.part(n))) constraints.integer({ tag: TAG.part(n), bits: 64 });
}

function infoAccess(value: DerReader): boolean {
  return each(value.inside(TAG.sequence), (all) => {
    const access = all.inside(TAG.sequence);
    access.objectIdentifier();
    if (access.has(TAG.part(NAME.uri))) access.any();
  });
}

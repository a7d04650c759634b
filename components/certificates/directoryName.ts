import { DerError, type DerReader, TAG } from "./der.ts";

/** Text types of ASN.1. */
const TEXT = { utf8: 12, numeric: 18, printable: 19, t61: 20, ia5: 22, bmp: 30 } as const;

/** The attributes that people know by a short name. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};

/** The next value as the name of an issuer or subject: `CN=MinIO CA, O=Company`. */
export function directoryName(reader: DerReader, place: string): string {
  const name = reader.inside(TAG.sequence, place);
  const parts: string[] = [];
  while (!name.isEmpty) {
    const set = name.inside(TAG.set);
    while (!set.isEmpty) {
      const attribute = set.inside(TAG.sequence);
      const id = attribute.objectIdentifier();
      const { tag, content } = attribute.any();
      const text = textOf(tag, content);
      if (text === undefined) throw new DerError(`${place}: the text of ${SHORT_NAMES[id] ?? id}`);
      parts.push(`${SHORT_NAMES[id] ?? id}=${text}`);
    }
  }
  return parts.join(", ");
}

/** A text of ASN.1, or `undefined` if it has characters that its type does not have. */
function textOf(tag: number, content: Uint8Array): string | undefined {
  const bytes = Buffer.from(content);
  const latin1 = bytes.toString("latin1");
  switch (tag) {
    case TEXT.t61:
      return latin1;
    case TEXT.printable:
      // With * and &, as Go takes them.
      return /^[A-Za-z0-9 '()+,./:=?*&-]*$/.test(latin1) ? latin1 : undefined;
    case TEXT.numeric:
      return /^[0-9 ]*$/.test(latin1) ? latin1 : undefined;
    case TEXT.ia5:
      return isAscii(content) ? latin1 : undefined;
    case TEXT.utf8: {
      const text = bytes.toString();
      return Buffer.from(text).equals(bytes) ? text : undefined;
    }
    case TEXT.bmp: {
      if (bytes.length % 2 !== 0) return undefined;
      const text = Buffer.from(bytes).swap16().toString("utf16le").replace(/\0$/, "");
      return /[\ufffe\uffff\ufdd0-\ufdef\ud800-\udfff]/.test(text) ? undefined : text;
    }
    default:
      return undefined;
  }
}

/** Whether all bytes are ASCII. */
export const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80);

// Reads DER, the encoding of certificates, as strictly as Go does: https://pkg.go.dev/golang.org/x/crypto/cryptobyte

/** Tags of ASN.1 types. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** The tag of an optional or chosen part. */
  part: (n: number): number => 0x80 | n,
  /** The same around another value. */
  partAround: (n: number): number => 0xa0 | n,
} as const;

/** A value that is not what a certificate has at its place. The message names the place. */
export class DerError extends Error {}

/** Reads values one after the other. Each method throws if the next value is not of its type. */
export class DerReader {
  readonly #place: string;
  #bytes: Uint8Array;

  /** @param place What the bytes are part of, for messages. */
  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#place = place;
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  get rest(): Uint8Array {
    return this.#bytes;
  }

  /** Whether the next value has this tag. */
  has(tag: number): boolean {
    return this.#bytes[0] === tag;
  }

  fail(): never {
    throw new DerError(this.#place);
  }

  /** The next value, with its tag and with the bytes of tag and length. */
  any(): { readonly tag: number; readonly content: Uint8Array; readonly whole: Uint8Array } {
    const bytes = this.#bytes;
    const [tag, first] = bytes;
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return this.fail();
    let [header, length] = [2, first];
    if (first & 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 4 || bytes.length < 2 + count) return this.fail();
      header += count;
      length = bytes.subarray(2, header).reduce((sum, byte) => sum * 256 + byte, 0);
      // The length has as few bytes as it needs.
      if (length < 128 || bytes[2] === 0) return this.fail();
    }
    if (bytes.length < header + length) return this.fail();
    this.#bytes = bytes.subarray(header + length);
    return { tag, content: bytes.subarray(header, header + length), whole: bytes.subarray(0, header + length) };
  }

  /** The content of the next value. */
  content(tag: number): Uint8Array {
    if (!this.has(tag)) this.fail();
    return this.any().content;
  }

  /** The next value with its tag and length. */
  whole(tag: number): Uint8Array {
    if (!this.has(tag)) this.fail();
    return this.any().whole;
  }

  /** A reader of what is inside the next value. */
  inside(tag: number, place = this.#place): DerReader {
    return new DerReader(this.content(tag), place);
  }

  /** A reader of what is inside the next value, if it has this tag. */
  optional(tag: number, place = this.#place): DerReader | undefined {
    return this.has(tag) ? this.inside(tag, place) : undefined;
  }

  boolean(): boolean {
    const [value, ...more] = this.content(TAG.boolean);
    if ((value !== 0 && value !== 0xff) || more.length > 0) this.fail();
    return value === 0xff;
  }

  /** @param bits Size of the Go type that takes the number. Without it, any number. */
  integer({ tag = TAG.integer as number, bits = 0, signed = true } = {}): bigint {
    const bytes = this.content(tag);
    const [first, second = 0] = bytes;
    if (first === undefined) return this.fail();
    const isLong = bytes.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
    const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
    const tooLarge = bits > 0 && (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value;
    return isLong || tooLarge ? this.fail() : value;
  }

  /** The bits of a bit string, aligned to the right. */
  bits(): Uint8Array {
    const [padding = 8, ...bytes] = this.content(TAG.bitString);
    const last = bytes.at(-1);
    if (padding > 7 || (last === undefined ? padding !== 0 : (last & ((1 << padding) - 1)) !== 0)) this.fail();
    return Uint8Array.from(bytes, (byte, i) => (byte >> padding) | ((((bytes[i - 1] ?? 0) << 8) >> padding) & 0xff));
  }

  /** An object identifier as numbers with dots. */
  objectIdentifier(): string {
    const numbers = this.#base128(this.content(TAG.objectIdentifier));
    const [first = 0, ...rest] = numbers;
    const top = first < 80 ? Math.floor(first / 40) : 2;
    return [top, first - top * 40, ...rest].join(".");
  }

  #base128(bytes: Uint8Array): number[] {
    const numbers: number[] = [];
    let value = 0;
    let isFirst = true;
    if (bytes.length === 0) this.fail();
    for (const byte of bytes) {
      if ((isFirst && byte === 0x80) || value >= 2 ** 24) this.fail();
      value = value * 128 + (byte & 0x7f);
      isFirst = byte < 0x80;
      if (!isFirst) continue;
      numbers.push(value);
      value = 0;
    }
    return isFirst ? numbers : this.fail();
  }

  /** A time, written as X.509 wants it. Go also takes a UTCTime without seconds. */
  time(): Date {
    const isShort = this.has(TAG.utcTime);
    const text = Buffer.from(this.content(isShort ? TAG.utcTime : TAG.generalizedTime)).toString("latin1");
    const pattern = isShort
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})$/;
    const [, year = "", month, day, hour, minute, second = "00", zone = ""] = pattern.exec(text) ?? this.fail();
    const full = isShort ? `${Number(year) >= 69 ? 19 : 20}${year}` : year;
    const date = new Date(0);
    date.setUTCFullYear(Number(full), Number(month) - 1, Number(day));
    date.setUTCHours(Number(hour), Number(minute), Number(second));
    const [zoneHours, zoneMinutes] = zone === "Z" ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(3))];
    const inRange = zoneHours <= 24 && zoneMinutes < 60 && (zone === "Z" || zoneHours + zoneMinutes > 0);
    const same = [
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
    ];
    if (!inRange || same.join() !== [month, day, hour, minute, second].map(Number).join()) this.fail();
    const offset = (zoneHours * 60 + zoneMinutes) * (zone.startsWith("-") ? -1 : 1);
    // A year of two digits is at most 2049.
    if (isShort && date.getUTCFullYear() >= 2050) date.setUTCFullYear(date.getUTCFullYear() - 100);
    return new Date(date.getTime() - offset * 60_000);
  }
}

// Certificates, good and damaged, with which the check of the CA file is compared with Go.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../fixtures/certificates");

/** Certificates of many kinds, by their file's name. Go refuses some of them. */
export const certificateFiles = (): Map<string, Buffer> =>
  new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name))]));

/** The DER content of the only certificate in a PEM file. */
export const derOf = (pem: Buffer): Buffer =>
  Buffer.from(pem.toString("latin1").replace(/^[\s\S]*?-----BEGIN.*|-----END[\s\S]*/gm, ""), "base64");

export const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\n").trimEnd()}\n-----END CERTIFICATE-----\n`;

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

/** Bytes with a meaning in DER: tags, lengths, limits. */
const MEANINGFUL = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x30, 0x31, 0x5a, 0x7f, 0x80, 0x81, 0xa0, 0xa3, 0xff,
];

/** A certificate with one or two bytes changed. */
export function damaged(der: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(der);
  for (let changes = random() < 0.5 ? 1 : 2; changes > 0; changes -= 1) {
    const place = Math.floor(random() * copy.length);
    const bit = (copy[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    copy[place] = random() < 0.5 ? bit : (MEANINGFUL[Math.floor(random() * MEANINGFUL.length)] ?? 0);
  }
  return copy;
}

/** Number of damaged copies of each certificate in the recorded table. */
const COPIES = 150;

/** A certificate of the recorded table and its damaged copies, always the same. */
export function recordedCopies(name: string, pem: Buffer): Buffer[] {
  const der = derOf(pem);
  const random = randomNumbers([...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7) % 2 ** 31);
  return [der, ...Array.from({ length: COPIES }, () => damaged(der, random))];
}

/** Which certificates and copies Go loads, by file: `1` for each that it loads, `0` for each that it leaves out. */
export function recordedLoads(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(new URL("../fixtures/goLoads.json", import.meta.url), "utf8"));
}

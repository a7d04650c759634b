import { ECDH } from "node:crypto";
import { DerError, DerReader, TAG } from "./der.ts";

/** Curves that Go knows, by their id. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  "1.3.132.0.33": { name: "secp224r1", bytes: 28 },
  "1.2.840.10045.3.1.7": { name: "prime256v1", bytes: 32 },
  "1.3.132.0.34": { name: "secp384r1", bytes: 48 },
  "1.3.132.0.35": { name: "secp521r1", bytes: 66 },
};

/** Checks a public key as Go does. A key of an algorithm that Go does not know is not read. @throws {DerError} */
export function checkPublicKey(
  { algorithm, parameters }: { readonly algorithm: string; readonly parameters: Uint8Array },
  key: Uint8Array,
): void {
  switch (algorithm) {
    case "1.2.840.113549.1.1.1":
      rsaKey(parameters, key);
      break;
    case "1.2.840.10045.2.1":
      ellipticKey(parameters, key);
      break;
    case "1.2.840.10040.4.1":
      dsaKey(parameters, key);
      break;
    case "1.3.101.112":
      if (parameters.length > 0 || key.length !== 32) throw new DerError("the Ed25519 key");
  }
}

function rsaKey(parameters: Uint8Array, key: Uint8Array): void {
  if (Buffer.from(parameters).toString("hex") !== "0500")
    throw new DerError("the RSA key's parameters, which must be NULL");
  const numbers = new DerReader(key, "the RSA key").inside(TAG.sequence);
  if (numbers.integer() <= 0n || numbers.integer({ bits: 64 }) <= 0n) numbers.fail();
}

function ellipticKey(parameters: Uint8Array, key: Uint8Array): void {
  const place = "the curve of its key: Go knows P-224, P-256, P-384 and P-521 by name";
  const curve = CURVES[new DerReader(parameters, place).objectIdentifier()];
  if (!curve) throw new DerError(place);
  try {
    if (key[0] !== 4 || key.length !== 1 + 2 * curve.bytes) throw new Error("not a whole point");
    ECDH.convertKey(key, curve.name);
  } catch {
    throw new DerError("the key, which is not a point on its curve");
  }
}

function dsaKey(parameters: Uint8Array, key: Uint8Array): void {
  const numbers = new DerReader(parameters, "the DSA key").inside(TAG.sequence);
  const all = [new DerReader(key, "the DSA key").integer(), ...[1, 2, 3].map(() => numbers.integer())];
  if (all.some((number) => number <= 0n)) numbers.fail();
}

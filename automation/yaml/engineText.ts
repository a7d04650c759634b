import type { Finding } from "../../components/findings.ts";

/** The text of a file, or why the engine cannot read it. */
export interface EngineText {
  readonly text: string;
  readonly finding?: Finding;
}

/** Encodings by byte order mark, as the engine knows them. */
const ENCODINGS = [
  { encoding: "utf-8", mark: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", mark: [0xff, 0xfe] },
  { encoding: "utf-16be", mark: [0xfe, 0xff] },
] as const;

const saveAsUtf8 = (from: string): string => `save the file as UTF-8; in a shell: iconv -f ${from} -t UTF-8 FILE > NEW`;

/** Characters that the engine's parser takes. https://github.com/yaml/go-yaml/blob/v3.0.1/readerc.go */
const READABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/** Line breaks for the engine's parser and for no editor. */
const UNICODE_BREAK = /[\x85\u2028\u2029]/;

/** Decodes a file. Line breaks of every kind become newlines, as in the engine. */
export function engineText(bytes: Uint8Array): EngineText {
  const { encoding } = ENCODINGS.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte)) ?? {
    encoding: "utf-8",
  };
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    const from = encoding === "utf-8" ? "WINDOWS-1252" : encoding.toUpperCase();
    return refused("the file", `${encoding.toUpperCase()}; some bytes are of another encoding`, saveAsUtf8(from));
  }
  const strange = READABLE.exec(text) ?? UNICODE_BREAK.exec(text);
  if (!strange) return { text };
  const before = text.slice(0, strange.index).split("\n");
  const code = `U+${(text.codePointAt(strange.index) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  // Of the two bytes of a Latin letter in UTF-16, one is zero.
  const utf16 = bytes[0] === 0 ? "UTF-16BE" : "UTF-16LE";
  if (code === "U+0000") return refused(place, "UTF-8, or UTF-16 with a byte order mark", saveAsUtf8(utf16));
  return refused(place, `no invisible character (${code})`, "delete the character, or the line and write it again");
}

const refused = (subject: string, text: string, fix: string): EngineText => ({
  text: "",
  finding: { subject, text, fix },
});

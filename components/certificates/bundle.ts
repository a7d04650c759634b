// Loki and the MinIO provider are written in Go. Its `AppendCertsFromPEM` leaves out what it cannot read, and reports nothing.
import { type Certificate, readCertificate } from "./certificate.ts";
import { type PemBlock, pemBlocks } from "./pem.ts";

/** The certificates of a PEM file, or why Go would not load every one. */
export type Bundle = { readonly certificates: readonly Certificate[] } | { readonly problem: BundleProblem };

/** What Go would not load, and how to change that. */
export interface BundleProblem {
  readonly text: string;
  readonly fix: string;
}

/** What a person takes for the beginning or the end of a block, wherever it is. Private keys are not for this check. */
const MARK = /(?:-{1,5}[ \t]*|\b(?=[A-Z]+ [A-Z0-9 ]*CERTIFICATE))(BEGIN|END)\b(?![A-Z0-9 ]*PRIVATE KEY)/g;

/** The end of one block and the beginning of the next on one line. */
const GLUED = /-----END [^\n-]*-----[ \t]*(?=-+[ \t]*BEGIN)/;

/** The bytes of a byte order mark in UTF-8, as Latin 1. */
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/**
 * Reads a PEM file as Go's `x509.CertPool.AppendCertsFromPEM` does. Unlike Go, it refuses a file with a certificate that Go leaves out.
 *
 * @param file Name of the file, for the commands that correct it.
 */
export function readBundle(bytes: Uint8Array, file: string): Bundle {
  // One character for each byte: what Go reads are bytes.
  const text = Buffer.from(bytes).toString("latin1");
  if (text.includes("\0") && /B\0?E\0?G\0?I\0?N/.test(text)) {
    const hasMark = text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff");
    const encoding = hasMark ? "UTF-16" : text.startsWith("\0") ? "UTF-16BE" : "UTF-16LE";
    return refused("PEM in ASCII or UTF-8; this file is UTF-16", `iconv -f ${encoding} -t UTF-8 ${file} >NEW`);
  }
  const marks = [...text.matchAll(MARK)].map(({ 1: edge, index }) => ({ edge, index }));
  if (!marks.some(({ edge }) => edge === "BEGIN")) {
    const fix = `convert a DER file with \`openssl x509 -inform der -in ${file} -out ca.pem\``;
    return refused("PEM certificates (-----BEGIN CERTIFICATE-----)", fix);
  }
  const glued = GLUED.exec(text);
  if (glued) {
    const why = `each -----BEGIN on a new line; the file before it had no newline at its end; see ${lineOf(text, glued.index)}`;
    return refused(why, `perl -pi -e 's/(-----END [A-Z0-9 ]+-----)/$1\\n/g' ${file}`);
  }
  const blocks = new Map(pemBlocks(text).map((block) => [block.start, block]));
  const certificates: Certificate[] = [];
  for (const [i, { edge, index }] of marks.entries()) {
    const line = lineOf(text, index);
    if (edge === "END") {
      if (marks[i - 1]?.edge === "BEGIN") continue;
      return refused(`a BEGIN line before the END line in ${line}`, "export the certificate again");
    }
    const read = readBlock(blocks.get(index), { text, index }, file);
    if ("text" in read) return refused(`${read.text}; see ${line}`, read.fix);
    certificates.push(read);
  }
  return { certificates };
}

const lineOf = (text: string, index: number): string => `line ${text.slice(0, index).split("\n").length}`;

const refused = (text: string, fix: string): Bundle => ({ problem: { text, fix } });

/** A place in a file where a person sees a certificate. */
interface Place {
  readonly text: string;
  readonly index: number;
}

function readBlock(block: PemBlock | undefined, place: Place, file: string): Certificate | BundleProblem {
  if (!block) return notFound(place, file);
  const convert = `openssl x509 -in ${file} -out NEW`;
  if (block.label !== "CERTIFICATE") {
    return { text: `-----BEGIN CERTIFICATE-----, and not ${block.label}, which Go leaves out`, fix: convert };
  }
  if (block.hasHeaders) {
    const fix = `perl -pi -e 's/^[\\w-]+: .*\\n//' ${file}`;
    return { text: "a certificate without header lines: Go leaves it out because of them", fix };
  }
  try {
    return readCertificate(block.bytes);
  } catch (error) {
    const reason = (error as Error).message;
    return {
      text: `certificates that Go can read; it refuses ${reason}. OpenSSL may take it, Loki and the MinIO provider do not`,
      fix: "get a certificate from the CA's owners in which this is right, or export it again if the file is damaged",
    };
  }
}

/** Why Go does not see a block where a person does. */
function notFound({ text, index }: Place, file: string): BundleProblem {
  const before = text.slice(text.lastIndexOf("\n", index - 1) + 1, index);
  if (before.includes(BYTE_ORDER_MARK)) {
    const fix = `perl -pi -e 's/\\xef\\xbb\\xbf/\\n/g' ${file}`;
    return { text: "no byte order mark before -----BEGIN: Go does not find the certificate behind it", fix };
  }
  if (/\r(?!\n)/.test(text)) {
    return {
      text: "lines that end with a newline; here a carriage return is alone",
      fix: `perl -pi -e 's/\\r\\n?/\\n/g' ${file}`,
    };
  }
  if (/^[ \t]+$/.test(before)) {
    return { text: "-----BEGIN at the beginning of its line", fix: `perl -pi -e 's/^[ \\t]+//' ${file}` };
  }
  return {
    text: "a whole certificate: -----BEGIN CERTIFICATE-----, base64, and -----END CERTIFICATE-----, each on its line",
    fix: "export the certificate again, and add it to the file with a newline before it",
  };
}

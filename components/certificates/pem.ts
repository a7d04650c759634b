// Finds PEM blocks as Go does: https://github.com/golang/go/blob/go1.26.5/src/encoding/pem/pem.go. What it does not take for a block, it
// leaves out without a word.

/** A block that Go finds in a text. */
export interface PemBlock {
  /** What follows BEGIN: `CERTIFICATE`. */
  readonly label: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
  /** Where its BEGIN line starts. */
  readonly start: number;
}

/** Every block that Go finds. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let from = 0;
  for (;;) {
    const end = text.indexOf("\n-----END ", from);
    if (end < 0) return blocks;
    const start = text.slice(0, end).lastIndexOf("-----BEGIN ");
    const block = start < from || (start > from && text[start - 1] !== "\n") ? undefined : blockAt(text, start, end);
    if (block) blocks.push(block);
    from = block ? afterLine(text, end + 1) : end + "\n-----END ".length;
  }
}

function blockAt(text: string, start: number, end: number): PemBlock | undefined {
  const label = /^-----BEGIN (.*?)-----[ \t]*\r?$/.exec(text.slice(start, text.indexOf("\n", start)))?.[1];
  const [, endLabel] = /^\n-----END (.*)-----[ \t]*(?:\r?\n|$)/.exec(text.slice(end, afterLine(text, end + 1))) ?? [];
  if (label === undefined || label !== endLabel) return undefined;
  let from = afterLine(text, start);
  let hasHeaders = false;
  while (text.slice(from, afterLine(text, from)).includes(":") && from <= end) {
    hasHeaders = true;
    from = afterLine(text, from);
  }
  if (from > end + 1 || (hasHeaders && from > end)) return undefined;
  const base64 = text.slice(from, end).replace(/[ \t\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return undefined;
  return { label, hasHeaders, bytes: Buffer.from(base64, "base64"), start };
}

/** The beginning of the line after a place. */
function afterLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline + 1;
}

// Copied text brings characters along that nobody sees: a carriage return, a byte order mark, a space that does not break.
import type { Finding, Findings } from "./findings.ts";

/** Control and format characters, and every space but the plain one. */
const STRAY = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]|[^\P{Zs} ]/u;

/** In chart values, which may have several lines: what would break a config, a script or a name. */
const STRAY_IN_VALUES = /[^\P{Cc}\t\n]|[\xa0\u200b\u2060\ufeff\ufffd]/u;

/** Values of charts, by the path of their argument. */
const CHART_VALUES = /^(loki|alloy)\.values\b/;

/** Patterns for lines and queries: a space at their end is part of what they find. */
const PATTERNS = /\.(pattern|firstLine)$/;

/** A certificate in place of the name of its file. */
const PEM = /-----BEGIN /;

/** What is allowed everywhere, and what is allowed for a text that people paste. */
const VISIBLE = "text without line breaks, tabs and invisible characters";
const CLEAN = `${VISIBLE}, and without spaces around it`;

/** A text without stray characters. What was wrapped is put together again. */
export const withoutStray = (text: string): string =>
  text
    .replace(/\s*[\r\n\u2028\u2029]\s*/g, "")
    .replace(/[\p{Cc}\p{Zs}]/gu, (character) => (/[\t\p{Zs}]/u.test(character) ? " " : ""))
    .replace(/[\p{Cf}\ufffd]/gu, "")
    .trim();

/** Whether a text that people paste has stray characters in or around it. */
export const hasStray = (text: string): boolean => STRAY.test(text) || text !== text.trim();

/**
 * Reports every text and key with stray characters. Chart values may have several lines; of them, only characters that break configs are
 * reported.
 *
 * @param values Arguments without their secrets: the error shows what was given.
 */
export function checkStray(values: unknown, path: string, findings: Findings): void {
  if (typeof values === "string") checkText(values, path, findings);
  else if (Array.isArray(values))
    for (const [i, value] of values.entries()) checkStray(value, `${path}[${i}]`, findings);
  else if (typeof values === "object" && values !== null && Object.getPrototypeOf(values) === Object.prototype) {
    for (const [key, value] of Object.entries(values)) {
      const inner = path ? `${path}.${key}` : key;
      const stray = isChartValue(inner) ? STRAY_IN_VALUES.test(key) : hasStray(key);
      if (stray)
        findings.problem({ subject: inner, given: key, text: `a key: ${CLEAN}`, fix: `write ${withoutStray(key)}` });
      else checkStray(value, inner, findings);
    }
  }
}

const isChartValue = (path: string): boolean => CHART_VALUES.test(path);

function checkText(text: string, path: string, findings: Findings): void {
  if (isChartValue(path)) {
    findings.check(!STRAY_IN_VALUES.test(text), {
      subject: path,
      // A value that is not shown may be a secret. Its characters are enough to find it.
      given: [...new Set(text.match(new RegExp(STRAY_IN_VALUES, "gu")))].join(""),
      text: "text without carriage returns and invisible characters, which break configs and scripts in the cluster",
      fix: "delete these characters; in an editor, save with LF line ends and as UTF-8 without a byte order mark",
    });
    return;
  }
  const clean = withoutStray(text);
  const isPattern = PATTERNS.test(path);
  findings.check(!(isPattern ? STRAY.test(text) : hasStray(text)), {
    subject: path,
    given: text,
    text: isPattern ? VISIBLE : CLEAN,
    fix: PEM.test(text)
      ? "write the certificate to a file, such as certs/ca.pem, and name the file here"
      : clean === ""
        ? "write the value again"
        : `write ${clean}`,
  });
}

/** The problem with a pasted secret, or `undefined`. It never repeats the secret. */
export function straySecret(subject: string, value: string, fix: string): Finding | undefined {
  return hasStray(value) ? { subject, text: CLEAN, fix } : undefined;
}

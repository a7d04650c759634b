// Checks the English of documents, comments and messages with textlint. The rules are in .textlintrc.json.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { it } from "node:test";
import { createLinter, loadTextlintrc } from "textlint";
import ts from "typescript";

/** Text of a comment or a string, and the line where it begins. */
interface Passage {
  readonly line: number;
  readonly text: string;
}

/** A line of a comment that is not prose: indented, as in a table of options, or for a linter. */
const PREFORMATTED = /^( {2,}|shellcheck |biome-ignore ).*$/gm;

const files = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
const written = files.filter((file) => existsSync(file) && !file.startsWith("tests/fixtures/"));
const linter = loadTextlintrc().then((descriptor) => createLinter({ descriptor }));

it("documents are in plain English", async () => {
  const documents = written.filter((file) => file.endsWith(".md"));
  const faults = await Promise.all(documents.map((file) => faultsOf(file, readFileSync(file, "utf8"), (line) => line)));
  assert.deepEqual(faults.flat(), []);
});

it("comments and messages are in plain English", async () => {
  const faults: string[] = [];
  for (const file of written) {
    const passages = passagesOf(file, extname(file));
    // Each passage is a paragraph. Their lines in the file are known by their lines in the joined text.
    const lines = passages.flatMap(({ line, text }) => [...text.split("\n").map((_, i) => line + i), line]);
    const joined = passages.map(({ text }) => `${text}\n`).join("\n");
    faults.push(...(await faultsOf(file, joined, (line) => lines[line - 1] ?? line)));
  }
  assert.deepEqual(faults, []);
});

async function faultsOf(file: string, text: string, lineOf: (line: number) => number): Promise<string[]> {
  const { messages } = await (await linter).lintText(text, "text.md");
  return messages.map(
    ({ line, message }) => `${file}:${lineOf(line)}: ${message.replace(/^Line \d+ /, "").split("\n")[0]}`,
  );
}

function passagesOf(file: string, extension: string): Passage[] {
  if (/^\.(ts|mjs|cjs)$/.test(extension)) return sourcePassages(file);
  if (/^\.(sh|ya?ml|jq)$/.test(extension) || file === ".ci/run") return commentLines(readFileSync(file, "utf8"));
  return [];
}

/** Lines of comments that follow each other are one passage. */
function commentLines(text: string): Passage[] {
  const passages: Array<{ line: number; text: string }> = [];
  let open = false;
  text.split("\n").forEach((content, i) => {
    const comment = /^\s*(?:#|\/\/)(?!!)\s?(.*)$/.exec(content)?.[1]?.replace(PREFORMATTED, "");
    const last = passages.at(-1);
    if (comment === undefined) open = false;
    else if (open && last) last.text += `\n${comment}`;
    else {
      passages.push({ line: i + 1, text: comment });
      open = true;
    }
  });
  return passages;
}

/** Comments and messages of TypeScript and JavaScript. A message is a line of three words or more in a string. */
function sourcePassages(file: string): Passage[] {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const comments = new Map<number, string>();
  const messages: Passage[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const message = ts.isTemplateExpression(node)
        ? node.head.text + node.templateSpans.map(({ literal }) => `NAME${literal.text}`).join("")
        : node.text;
      for (const text of message.split(/\s*\n\s*/))
        if (/[a-z] [a-z]+ [a-z]/i.test(text)) messages.push({ line: lineAt(node.getStart()), text });
    }
    if (node.kind < ts.SyntaxKind.FirstNode) {
      const ranges = [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
      ];
      for (const { pos, end } of ranges) comments.set(pos, text.slice(pos, end));
    }
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  const lines: Passage[] = [...comments].map(([pos, comment]) => ({
    line: lineAt(pos),
    text: comment
      .replace(/^\/\*\*?|\*\/$/g, "")
      .replace(/^[ \t]*(\*|\/\/)? ?/gm, "")
      .replace(/@example[^@]*/g, "")
      .replace(PREFORMATTED, ""),
  }));
  return [...merged(lines), ...messages];
}

/** Comments on lines that follow each other are one passage. */
function merged(passages: readonly Passage[]): Passage[] {
  const result: Array<{ line: number; text: string }> = [];
  for (const { line, text } of [...passages].sort((a, b) => a.line - b.line)) {
    const last = result.at(-1);
    if (last && last.line + last.text.split("\n").length === line) last.text += `\n${text}`;
    else result.push({ line, text });
  }
  return result;
}

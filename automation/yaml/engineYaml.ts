// Reads YAML as the Pulumi engine does, which is written in Go and uses yaml.v3. What it would read in a way that nobody expects is
// refused instead, with what to write.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { AsWritten, type Finding } from "../../components/findings.ts";
import { engineText } from "./engineText.ts";
import { DATE, goScalar, losesZeros } from "./goScalars.ts";

/** The content of a file. A whole number beyond JavaScript's range is a bigint. */
export type Tree = string | number | bigint | boolean | null | Tree[] | { [key: string]: Tree };

/** The content of a file, or why it is refused. */
export interface Reading {
  readonly tree: Tree;
  readonly findings: readonly Finding[];
}

/**
 * Reads a YAML file as the engine reads it.
 *
 * @returns the tree and, as findings, what the engine refuses or reads in a way that nobody expects. The subject of a finding is the key
 * path of the value, or its line.
 */
export function readEngineYaml(bytes: Uint8Array): Reading {
  const { text, finding } = engineText(bytes);
  return finding ? { tree: null, findings: [finding] } : new EngineReader(text).read();
}

/** The fix for a key that is there twice. Two examples of one group were pasted, as a rule. */
export const KEY_TWICE_FIX = "keep one of the two, with what is below both if they are groups";

type Path = readonly string[];

class EngineReader {
  readonly #findings: Finding[] = [];
  readonly #lines = new LineCounter();
  readonly #document;
  readonly #text: string;
  /** Anchors that are being read, to notice one that contains itself. */
  readonly #open = new Set<unknown>();
  /** Where texts of several lines stand: tabs are part of them. */
  readonly #texts: Array<readonly [start: number, end: number]> = [];
  /** Number of `{` and `[` around the value that is being read. */
  #flows = 0;

  constructor(text: string) {
    this.#text = text;
    // Without a schema, every scalar is text, and nothing is merged: this reader decides both.
    const options = { schema: "failsafe", merge: false, lineCounter: this.#lines, prettyErrors: false } as const;
    this.#document = parseDocument(text, options);
  }

  read(): Reading {
    const { errors, contents } = this.#document;
    const [error] = errors;
    // The first line of the parser's message. The others repeat the content, which may be a secret.
    const reason = error?.message.replace(/:?\n.*$/s, "").replace(/; please use YAML\..*/, "");
    if (error) this.#refuse(this.#place(error.pos[0]), `valid YAML: ${reason}`, this.#syntaxFix(error));
    const directive = /^%.*/m.exec(this.#text.split(/^---/m)[0] ?? "");
    if (directive) this.#refuse(this.#place(directive.index), "no directive", "remove the line that begins with %");
    const tree = error || directive ? null : this.#value(contents, []);
    if (!error) this.#checkTabs();
    return { tree, findings: this.#findings };
  }

  #refuse(subject: string, text: string, fix: string, given?: unknown): void {
    this.#findings.push({ subject, text, fix, ...(given !== undefined && { given }) });
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `line ${line}, column ${col}`;
  }

  /** The fix for an error of the parser. Its message names a rule of YAML, and seldom what a person has done. */
  #syntaxFix({ code, pos: [at] }: YAMLParseError): string {
    const line = this.#text.split("\n")[this.#lines.linePos(at).line - 1] ?? "";
    if (/^(<{7}|={7}|>{7})( |$)/.test(line)) return "resolve the conflict that git left in the file";
    if (line.includes("\xa0")) return "replace the spaces that do not break, as web pages have them, with plain ones";
    if (code === "DUPLICATE_KEY") return KEY_TWICE_FIX;
    if (code === "MULTIPLE_DOCS") return "remove what follows the second ---";
    if (code === "TAB_AS_INDENT") return "indent with spaces";
    if (/^[ -]*[\w-]+:[^\s:]+$/.test(line)) return "write a space behind the colon of the key";
    return "correct the line; an editor with YAML support shows the place";
  }

  /** The engine refuses a tab before the first word of a line. */
  #checkTabs(): void {
    for (const { index, 0: indent } of this.#text.matchAll(/^[ \t?-]*\t/gm)) {
      const at = index + indent.length - 1;
      if (this.#texts.some(([start, end]) => start < at && at < end)) continue;
      this.#refuse(this.#place(at), "spaces before a value, and no tab", "replace the tab with spaces");
      return;
    }
  }

  #value(node: unknown, path: Path): Tree {
    if (isAlias(node)) return this.#alias(node, path);
    if (isScalar(node)) return this.#scalar(node as Scalar<string>, path);
    if (!isMap(node) && !isSeq(node)) return null;
    if (this.#isDecorated(node, path)) return null;
    if (node.flow) this.#flows += 1;
    const value = isMap(node) ? this.#map(node, path) : node.items.map((item, i) => this.#value(item, inList(path, i)));
    if (node.flow) this.#flows -= 1;
    return value;
  }

  #alias(node: Alias, path: Path): Tree {
    const target = node.resolve(this.#document);
    if (target === undefined || this.#open.has(target)) {
      const given = new AsWritten(`*${node.source}`);
      this.#refuse(keyPath(path), "no alias of a value that contains it", "write the value out", given);
      return null;
    }
    this.#open.add(target);
    const value = this.#value(target, path);
    this.#open.delete(target);
    return value;
  }

  /** Refuses a tag: each has its own rules in Go, and none is of use in a config. Refuses a name that the engine cannot read. */
  #isDecorated({ tag, anchor }: ParsedNode, path: Path): boolean {
    if (tag !== undefined && tag !== STR_TAG)
      this.#refuse(keyPath(path), "a value without a tag", "remove the tag; quote the value if it is text", asTag(tag));
    const badName = anchor !== undefined && !/^[\w-]+$/.test(anchor);
    if (badName)
      this.#refuse(keyPath(path), "an anchor of letters, digits, _ and -", "rename it", new AsWritten(`&${anchor}`));
    return badName || (tag !== undefined && tag !== STR_TAG);
  }

  #scalar(node: Scalar<string>, path: Path): Tree {
    if (this.#isDecorated(node, path)) return null;
    if (node.type !== Scalar.PLAIN || node.tag === STR_TAG) return this.#quoted(node, path);
    const value = goScalar(node.value);
    const quoted = `quote it: ${JSON.stringify(node.value)}`;
    const given = new AsWritten(node.value);
    if (value === DATE) {
      this.#refuse(keyPath(path), "text in quotes: Pulumi reads a date without quotes as a time", quoted, given);
    } else if (losesZeros(node.value)) {
      const plain = `${Number(node.value.replaceAll("_", ""))}`;
      const text =
        "a number without leading zeros, or text in quotes: Pulumi drops leading zeros, and reads octal where it can";
      this.#refuse(keyPath(path), text, `write ${plain}; if it is text, quote it: "${node.value}"`, given);
    } else if (typeof value === "number" && !Number.isFinite(value)) {
      this.#refuse(keyPath(path), "a finite number, or text in quotes", quoted, given);
    } else if (this.#flows > 0 && /^:|\?/.test(node.value)) {
      this.#refuse(keyPath(path), "text in quotes, because of its ? or : between { } or [ ]", quoted, given);
    } else {
      return value;
    }
    return null;
  }

  #quoted(node: Scalar<string>, path: Path): string {
    const [start = 0, end = 0] = node.range ?? [];
    this.#texts.push([start, end]);
    const badEscape = node.type === Scalar.QUOTE_DOUBLE && BAD_ESCAPE.exec(this.#text.slice(start, end))?.[1];
    if (badEscape)
      this.#refuse(keyPath(path), `no escape ${badEscape}, which Pulumi cannot read`, "write the character itself");
    // The engine writes what it has read to YAML and reads that again. A text like this does not survive.
    if (/^[ \t]*[\n\x85\u2028\u2029]|^\t.*\n/.test(node.value)) {
      const text = "text whose first line is not empty and does not begin with a tab: Pulumi would change it";
      this.#refuse(keyPath(path), text, "remove the empty line, or the tab, at its beginning");
    }
    return node.value;
  }

  #map(node: YAMLMap, path: Path): Tree {
    const own: Record<string, Tree> = {};
    const merged: Record<string, Tree> = {};
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) {
        this.#merge(value, path, merged);
        continue;
      }
      const name = this.#key(key, path);
      if (name !== undefined) define(own, name, this.#value(value, [...path, name]));
    }
    // A key of the map itself wins, wherever it stands.
    for (const [name, value] of Object.entries(merged)) if (!Object.hasOwn(own, name)) define(own, name, value);
    return own;
  }

  /** The maps of a merge key. The first that has a key wins. */
  #merge(node: unknown, path: Path, merged: Record<string, Tree>): void {
    const parts = isSeq(node) && !isAlias(node) ? node.items : [node];
    for (const part of parts) {
      const map = this.#value(part, path);
      if (typeof map !== "object" || map === null || Array.isArray(map)) {
        this.#refuse(
          keyPath([...path, "<<"]),
          "a map of keys, or a list of such maps",
          "name an anchor on a map: <<: *name",
        );
        return;
      }
      for (const [name, value] of Object.entries(map)) if (!Object.hasOwn(merged, name)) define(merged, name, value);
    }
  }

  /** The text of a key. The engine turns other scalars into text with rules of Go. */
  #key(key: unknown, path: Path): string | undefined {
    const node = (isAlias(key) ? key.resolve(this.#document) : key) as Scalar<string>;
    if (!isScalar(node) || node.tag !== undefined || node.anchor !== undefined) {
      this.#refuse(keyPath([...path, "?"]), "text as a key", "write the key as text");
      return undefined;
    }
    const text = this.#scalar(node, [...path, node.value]);
    // Keys of the config itself must be text.
    if (text === node.value || (String(text) === node.value && path.length > 1)) return node.value;
    if (text !== null || goScalar(node.value) === null)
      this.#refuse(keyPath([...path, node.value]), "text as a key", `quote it: ${JSON.stringify(node.value)}`);
    return undefined;
  }
}

type ParsedNode = Pick<Scalar, "tag" | "anchor">;

const STR_TAG = "tag:yaml.org,2002:str";

/** A tag as it is written. It may be a password that begins with an exclamation mark, so it is shown only as a value is. */
const asTag = (tag: string): AsWritten => new AsWritten(tag.replace(/^tag:yaml\.org,2002:/, "!!"));

/** Escapes in double quotes that the `yaml` package takes and the engine does not: half a character, and the slash of JSON. */
const BAD_ESCAPE = /(?<!\\)(?:\\\\)*(\\u[dD][89a-fA-F]..|\\\/)/;

const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN && key.tag === undefined;

/** Sets a key as data, `__proto__` too. */
function define(map: Record<string, Tree>, name: string, value: Tree): void {
  Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
}

const inList = (path: Path, i: number): Path => [...path.slice(0, -1), `${path.at(-1) ?? ""}[${i}]`];

/** The key path as the other findings write it: without the config's own level and namespace. */
function keyPath(path: Path): string {
  const keys = path[0] === "config" ? path.slice(1) : path;
  return keys.join(".").replace(/^logging:/, "") || "the file";
}

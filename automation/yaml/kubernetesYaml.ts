// YAML for and from helm, kubectl and Kubernetes. They read it with the rules of YAML 1.1, in which `no`, `0o17` and `1_000` mean other
// things than in YAML 1.2. https://pkg.go.dev/sigs.k8s.io/yaml
import { Document, isScalar, parseAllDocuments, Scalar, type ScalarTag, visit } from "yaml";
import { DATE, goScalar } from "./goScalars.ts";

/**
 * Text that is text without quotes for every parser: words that begin with a letter (https://minio:9000), or a number with a unit (336h).
 * Not the words for true, false and nothing, nor e3, which some parsers take for a number.
 */
const PLAIN =
  /^(?!(?:y|n|yes|no|on|off|true|false|null|nan|inf)$|e\d)(?:[a-z]|[1-9]\d*[a-df-z])(?:[\w./-]|[ :]+(?=[\w./-])(?<!: ))*$/i;

/** Text of several lines that every parser reads alike as a block. */
const BLOCK = /^[!-~][\t -~]*\n[\t\n -~]*$/;

/**
 * Writes a value as YAML that parsers of YAML 1.1 and 1.2 read alike: whatever one of them could take for something else is in double
 * quotes.
 */
export function writeYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (key, node) => {
      if (typeof node.value === "string") node.type = styleOf(node.value, key === "key");
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY });
  // JSON's escapes leave out line breaks and marks of Unicode. They are only in double quotes.
  return text.replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (mark) => `\\u${hex(mark)}`);
}

const hex = (mark: string): string => mark.charCodeAt(0).toString(16).padStart(4, "0");

function styleOf(text: string, isKey: boolean): Scalar.Type {
  if (PLAIN.test(text)) return Scalar.PLAIN;
  return BLOCK.test(text) && !isKey ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
}

const BOOLEANS = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((text) => [text, true] as const),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((text) => [text, false] as const),
]);

/** A plain scalar, as https://github.com/yaml/go-yaml/blob/v2.4.4/resolve.go reads it for Kubernetes: a date stays text. */
function kubernetesScalar(text: string): string | number | boolean | null {
  const value = BOOLEANS.get(text) ?? goScalar(text);
  if (value === DATE) return text;
  return typeof value === "bigint" ? Number(value) : value;
}

const KUBERNETES_SCALAR: ScalarTag = {
  tag: "tag:kubernetes.io,2014:scalar",
  default: true,
  identify: () => false,
  test: /^/,
  resolve: kubernetesScalar,
};

/**
 * The documents in YAML that a chart renders, as Kubernetes reads them. Empty documents are left out.
 *
 * @throws when it is not YAML.
 */
export function readManifests(text: string): unknown[] {
  const documents = parseAllDocuments(text, { schema: "failsafe", customTags: [KUBERNETES_SCALAR], merge: true });
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    visit(document, {
      // Keys are text in JSON, which Kubernetes makes of it.
      Pair: (_, { key }) => {
        if (isScalar(key)) key.value = String(key.value);
      },
    });
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });
}

// Tells secrets by their keys and their content.
import { parseAllDocuments } from "yaml";
import { isMap } from "./helm/mergeValues.ts";

/** Keys that hold a secret itself. Those that hold the name of one (`existingSecret`, `secretName`, `secretRef`) do not match. */
const SECRET_KEY =
  /(^|[_-])(pass|passwd|token)$|(password|passphrase|secret_?(access_?)?key|account_?key|api_?key|private_?key|(client|shared|bearer|auth|access)_?(secret|token)|access_?key(_?id)?|basic_?auth|htpasswd|connection_?string)$/i;

/** Text that is a secret under any key. */
const SECRET_TEXT =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|:\/\/[^\s/:@]+:[^\s/@${]+@|\{SSHA\}|\$(apr1|2[aby])\$|\beyJ[\w-]{10,}\.[\w-]{10,}\./;

/** A config line inside a text value: `password = "x"`, `secret_key: x`, `-pass=x`. The value may be in the next line. */
const ASSIGNMENT =
  /^[ \t-]*([\w.-]+)[ \t]*[:=][ \t]*(?:\r?\n[ \t]+(?![\w.-]+[ \t]*[:=]))?["']?([^\s"'].*?)["']?[ \t]*$/gm;

/**
 * Beside these, `secretKey` is the name of a key in a Secret, and not its value.
 * https://external-secrets.io/latest/api/externalsecret/
 */
const NAMES_A_KEY = ["remoteRef", "sourceRef"];

/** A reference to a secret, which is not one itself: `${ENV}`, `$(ENV)`, `sys.env("ENV")`, `{{ … }}`, a path to a mounted file. */
const REFERENCE = /^(\$[{(]|sys\.env\(|\{\{|\/)/;

/** Objects whose keys name secrets in another store, and whose values are where to find them. Those of a SealedSecret are encrypted. */
const REFERENCE_KINDS =
  /^(Cluster)?ExternalSecret$|^(Cluster)?PushSecret$|^SecretProviderClass$|^SealedSecret$|^Vault(Static|Dynamic|PKI)Secret$/;

/**
 * Key paths of the secrets in a value.
 *
 * @param key The last key of the path.
 * @param named Whether a key such as `secretKey` is the name of a secret here, and no secret itself.
 */
export function secretPlaces(value: unknown, path: string, key: string, named = false): string[] {
  if (Array.isArray(value)) return value.flatMap((entry, i) => secretPlaces(entry, `${path}[${i}]`, key, named));
  if (typeof value === "object" && value !== null) {
    const map = value as Record<string, unknown>;
    if (map.kind === "Secret") return secretObject(map, path);
    const names = named || REFERENCE_KINDS.test(String(map.kind)) || NAMES_A_KEY.some((other) => isMap(map[other]));
    // In an entry of `env`, `name` is the key of `value`.
    const envName = typeof map.name === "string" && "value" in map ? map.name : undefined;
    return Object.entries(map).flatMap(([k, v]) =>
      // A template has the values of the Secret that it makes.
      secretPlaces(v, `${path}.${k}`, k === "value" && envName !== undefined ? envName : k, names && k !== "template"),
    );
  }
  const objects = typeof value === "string" && /^kind:/m.test(value) ? objectsIn(value) : [];
  // Objects as a text: charts take templates of objects.
  if (objects.length > 0) return secretPlaces(objects, path, key).length > 0 ? [path] : [];
  return isSecret(value, key, named) ? [path] : [];
}

/** Every value of a Secret is a secret. */
const secretObject = (map: Record<string, unknown>, path: string): string[] =>
  ["data", "stringData"].flatMap((part) =>
    Object.entries((map[part] ?? {}) as object)
      .filter(([, value]) => typeof value !== "string" || !REFERENCE.test(value))
      .map(([key]) => `${path}.${part}.${key}`),
  );

/** The objects in a text of one or several documents. Empty if it is not YAML, or is something else. */
function objectsIn(text: string): object[] {
  const documents = [...parseAllDocuments(text)];
  if (documents.some(({ errors }) => errors.length > 0)) return [];
  const values = documents.map((document): unknown => document.toJS());
  return values.filter((value) => typeof value === "object" && value !== null);
}

/**
 * Whether a text or number is a secret, judged by its content and its key. The name of a secret is not one.
 *
 * @param named Whether the key names a secret: only the content is judged.
 */
export function isSecret(value: unknown, key: string, named = false): boolean {
  if (typeof value === "number") return SECRET_KEY.test(key) && !named;
  if (typeof value !== "string" || value === "") return false;
  if (named) return SECRET_TEXT.test(value);
  return (
    SECRET_TEXT.test(value) ||
    (SECRET_KEY.test(key) && !REFERENCE.test(value)) ||
    [...value.matchAll(ASSIGNMENT)].some(([, name = "", text = ""]) => SECRET_KEY.test(name) && !REFERENCE.test(text))
  );
}

/** User and password, or a token, in the address of something. */
const USER_INFO = /:\/\/(?!\[secret\])[^\s/"@]*@/;

/** Whether a value is a secret or has one in it, judged as {@link isSecret}, and for user and password in any address. */
export const holdsSecret = (value: unknown, key: string): boolean =>
  secretPlaces(value, "", key).length > 0 || USER_INFO.test(JSON.stringify(value) ?? "");

/** A text without the user, password or token in its addresses. */
export const withoutLogins = (text: string): string => text.replace(/:\/\/[^\s/"'@]*@/g, "://[secret]@");

/** Replaces user and password, everything before an @, in an address. */
export const redactUserInfo = (address: string): string => address.replace(/^([a-z0-9]*:\/\/)?.*@/i, "$1[secret]@");

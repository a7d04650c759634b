import type { Findings } from "../findings.ts";

/** Keys that hold a secret itself. Those that hold the name of one (`existingSecret`, `secretName`, `secretRef`) do not match. */
const SECRET_KEY =
  /(^|[_-])(pass|passwd|token)$|(password|passphrase|secret_?(access_?)?key|account_?key|api_?key|private_?key|(client|shared|bearer|auth|access)_?(secret|token)|access_?key(_?id)?|basic_?auth|htpasswd|connection_?string)$/i;

/** Text that is a secret under any key. */
const SECRET_TEXT =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|:\/\/[^\s/:@]+:[^\s/@${]+@|\{SSHA\}|\$(apr1|2[aby])\$|\beyJ[\w-]{10,}\.[\w-]{10,}\./;

/** A line of a config inside a text: `password = "x"`, `secret_key: x`, `-pass=x`. */
const ASSIGNMENT = /^[\s-]*([\w.-]+)\s*[:=]\s*["']?([^\s"'].*?)["']?\s*$/gm;

/** A reference to a secret: `${ENV}`, `$(ENV)`, `sys.env("ENV")`, `{{ … }}`, a path to a mounted file. */
const REFERENCE = /^(\$[{(]|sys\.env\(|\{\{|\/)/;

/**
 * Finds texts in chart values that look like a secret. Previews, the state, the release and ConfigMaps show values in clear. The finding
 * names the place and never the text.
 */
export function checkNoSecrets(values: unknown, path: string, findings: Findings): void {
  for (const place of secretPlaces(values, path, "")) {
    findings.problem({
      subject: place,
      text: "no secret: previews, the state and the cluster show values in clear",
      fix: "put it into a Kubernetes Secret and name that here (extraEnvFrom, existingSecret, secretKeyRef); make a new one, because this one has been in clear",
    });
  }
}

function secretPlaces(value: unknown, path: string, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((entry, i) => secretPlaces(entry, `${path}[${i}]`, key));
  if (typeof value === "object" && value !== null) {
    const map = value as Record<string, unknown>;
    // An entry of `env`: its name describes the value.
    const envName = typeof map.name === "string" && "value" in map ? map.name : undefined;
    return Object.entries(map).flatMap(([k, v]) =>
      secretPlaces(v, `${path}.${k}`, k === "value" && envName !== undefined ? envName : k),
    );
  }
  return isSecret(value, key) ? [path] : [];
}

/** Whether a text or number, by itself or because of the key it stands under, is a secret and not the name of one. */
export function isSecret(value: unknown, key: string): boolean {
  if (typeof value === "number") return SECRET_KEY.test(key);
  if (typeof value !== "string" || value === "") return false;
  return (
    SECRET_TEXT.test(value) ||
    (SECRET_KEY.test(key) && !REFERENCE.test(value)) ||
    [...value.matchAll(ASSIGNMENT)].some(([, name = "", text = ""]) => SECRET_KEY.test(name) && !REFERENCE.test(text))
  );
}

/** An address in which user and password, which stand before an @, are not shown. */
export const redactUserInfo = (address: string): string => address.replace(/^([a-z0-9]*:\/\/)?.*@/i, "$1[secret]@");

// https://github.com/golang/go/blob/go1.26.5/src/net/url/url.go
import { isIPv6 } from "node:net";

/** The host and port of a URI as Go's `url.Parse` reads it, empty if it has none. `undefined` if Go refuses the URI. */
export function goUrlHost(uri: string): string | undefined {
  const [address, fragment] = cut(uri, "#");
  if (/\p{Cc}/u.test(address) || !isEscaped(fragment) || address.startsWith(":")) return undefined;
  if (address === "*") return "";
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1] ?? "";
  const [rest] = cut(scheme ? address.slice(scheme.length + 1) : address, "?");
  if (!rest.startsWith("/")) {
    if (scheme) return "";
    if (cut(rest, "/")[0].includes(":")) return undefined;
  }
  if (!rest.startsWith("//") || (!scheme && rest.startsWith("///"))) return isEscaped(rest) ? "" : undefined;
  const [authority, path] = cut(rest.slice(2), "/");
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  if (!isEscaped(path) || !isEscaped(user) || !/^[\w.:~!$&'()*+,;=%@-]*$/.test(user)) return undefined;
  return hostOf(authority.slice(authority.lastIndexOf("@") + 1), scheme.toLowerCase());
}

function hostOf(host: string, scheme: string): string | undefined {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) return undefined;
  if (bracket === 0) {
    const [, address = ""] = /^\[(.*)\](:\d*)?$/.exec(host) ?? [];
    return isIPv6(address) && !address.includes("%") ? host : undefined;
  }
  const isStrict = scheme === "http" || scheme === "https";
  const colon = isStrict ? host.indexOf(":") : host.lastIndexOf(":");
  if (colon >= 0 && !/^:\d*$/.test(host.slice(colon))) return undefined;
  // Go takes escapes of characters outside ASCII too. No domain may have those.
  if (!/^([\w.~!$&'()*+,;=:[\]<>"-]|%25)*$/.test(host)) return undefined;
  return host.replaceAll("%25", "%");
}

const isEscaped = (text: string): boolean => !/%(?![0-9a-f]{2})/i.test(text);

/** A text before and after the first place of a mark. */
function cut(text: string, mark: string): [before: string, after: string] {
  const place = text.indexOf(mark);
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + mark.length)];
}

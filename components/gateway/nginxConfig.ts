/** A directive of an nginx config. https://nginx.org/en/docs/beginners_guide.html#conf_structure */
export interface Directive {
  /** Name and arguments, with one space between them: `location = /ready`. */
  readonly text: string;
  readonly name: string;
  /** What is in its braces. Absent without braces. */
  readonly block?: readonly Directive[];
}

/** @throws when braces or quotes do not match, or the last directive has no semicolon. */
export function parseNginx(config: string): Directive[] {
  const tokens = [
    ...config.matchAll(
      /#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\\.|\$\{[^}]*\}|[^\s{};"'#\\])(?:\\.|\$\{[^}]*\}|[^\s{};\\])*|\S/gs,
    ),
  ]
    .map(([token]) => token)
    .filter((token) => !token.startsWith("#"));
  let at = 0;
  const block = (inside: boolean): Directive[] => {
    const directives: Directive[] = [];
    let words: string[] = [];
    const end = (body?: Directive[]): void => {
      if (words.length > 0 || body)
        directives.push({ text: words.join(" "), name: words[0] ?? "", ...(body && { block: body }) });
      words = [];
    };
    while (at < tokens.length) {
      const token = tokens[at++] as string;
      if (token === ";") end();
      else if (token === "{") end(block(true));
      else if (token !== "}") words.push(token);
      else if (inside && words.length === 0) return directives;
      else
        throw new Error(words.length > 0 ? `${words.join(" ")}: there is no ; at the end` : "there is a } without a {");
    }
    if (inside) throw new Error("there is a { without a }");
    if (words.length > 0) throw new Error(`${words.join(" ")}: there is no ; at the end`);
    return directives;
  };
  return block(false);
}

/**
 * Directives that change sizes, times, logs and headers, and neither who gets in nor where a request goes. All others, also those of later
 * versions of nginx, belong to the stack.
 */
const HARMLESS =
  /^(client_(body|header|max_body)\w*|proxy_(read_timeout|send_timeout|connect_timeout|buffer\w*|busy_buffers_size|max_temp_file_size|temp_\w+|request_buffering|http_version|set_header|socket_keepalive|next_upstream\w*)|keepalive_\w+|send_timeout|gzip\w*|log_format|access_log|error_log|log_not_found|resolver|resolver_timeout|worker_\w+|multi_accept|large_client_header_buffers|limit_(req|conn|rate)\w*|server_tokens|add_header|sendfile\w*|tcp_\w+|reset_timedout_connection|lingering_\w+|output_buffers|postpone_output|types_hash_\w+|map_hash_\w+|variables_hash_\w+|server_names_hash_\w+|underscores_in_headers|ignore_invalid_headers|real_ip_\w+|set_real_ip_from|deny|default_type|http2\w*|open_(file|log_file)_cache\w*|pcre_jit|etag|charset\w*)$/;

/** A difference that lets requests in, or sends them elsewhere. */
export interface NginxChange {
  readonly op: "added" | "removed";
  /** Where: `http > server > location = /`. */
  readonly path: string;
  readonly directive: string;
}

/** How a config differs from another in more than sizes, times, logs and headers. The order of directives is not compared. */
export function nginxChanges(own: readonly Directive[], given: readonly Directive[], path = ""): NginxChange[] {
  const at = (directive: Directive): string => (path ? `${path} > ${directive.text}` : directive.text);
  const change = (op: NginxChange["op"], directive: Directive): NginxChange[] =>
    isHarmless(directive, op === "added" ? own : given)
      ? []
      : [{ op, path: path || "the config", directive: directive.text }];
  const left = [...given];
  const take = (match: (other: Directive) => boolean): Directive | undefined => {
    const index = left.findIndex(match);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const changes = own.flatMap((directive): NginxChange[] => {
    const same = take(
      ({ text, block }) => text === directive.text && (block === undefined) === (directive.block === undefined),
    );
    if (!same) return change("removed", directive);
    return nginxChanges(directive.block ?? [], same.block ?? [], at(directive));
  });
  return [...changes, ...left.flatMap((directive) => change("added", directive))];
}

/** A variable that is new or gone is harmless too, as long as nothing on the other side reads it. */
const isHarmless = ({ name, text, block }: Directive, others: readonly Directive[]): boolean => {
  if (block === undefined) return HARMLESS.test(name);
  const variable = text.split(" ").at(-1) ?? "";
  return ["map", "geo"].includes(name) && /^\$\w+$/.test(variable) && !JSON.stringify(others).includes(variable);
};

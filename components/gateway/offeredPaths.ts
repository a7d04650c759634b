import type { Findings } from "../findings.ts";
import { isMap, mergeValues, type Values } from "../helm/mergeValues.ts";
import { nginxChanges, parseNginx } from "./nginxConfig.ts";
import { ALLOY_NAME } from "./password.ts";

/** Paths that everyone with a password may use: reading, and the push that Alloy used before its OTel engine. */
const FOR_READERS =
  "loki/api/v1/(push|query|query_range|labels?|series|index|tail|detected_labels|detected_fields?|format_query|drilldown-limits|status/buildinfo)";

/**
 * nginx snippets that limit the gateway to writing and reading. With the chart's own list, everyone who may read a line could also flush
 * and stop writers, and reach Loki's config, rings, rules and deletions. The snippets rewrite any other path to one that needs the password
 * too. A plain `return` would answer before nginx asks for the password. `patterns` is not among them: nothing mines patterns
 * (docs/decisions/0008-no-patterns.md).
 */
export const OFFERED_PATHS = {
  httpSnippet: [
    "map $remote_user $writer {",
    "  default reader;",
    `  ~${ALLOY_NAME} alloy;`,
    "}",
    "map $writer$uri $offered {",
    "  default 0;",
    "  ~^(alloy|reader)/(stub_status)?$ 1;",
    "  alloy/otlp/v1/logs 1;",
    `  ~^(alloy|reader)/${FOR_READERS}(/|$) 1;`,
    "}",
  ].join("\n"),
  serverSnippet: [
    "if ($offered = 0) { rewrite ^ /not-offered last; }",
    "location = /not-offered { internal; try_files /nothing =404; }",
    // Alloy drops what it gets a 500 for, and retries a 503.
    "error_page 500 =503 @unavailable;",
    "location @unavailable { internal; return 503; }",
  ].join("\n"),
};

const snippetsIn = (values: Values): ReadonlyArray<readonly [key: keyof typeof OFFERED_PATHS, text: string]> => {
  const { nginxConfig } = isMap(values.gateway) ? values.gateway : {};
  if (!isMap(nginxConfig)) return [];
  return (["httpSnippet", "serverSnippet"] as const).flatMap((key) => {
    const text = nginxConfig[key];
    return typeof text === "string" ? [[key, text] as const] : [];
  });
};

/** The chart's values with the stack's snippets in front of those of the escape hatch. nginx reads both. */
export function withOwnSnippets(values: Values): Values {
  const joined = snippetsIn(values)
    .filter(([key, text]) => text !== OFFERED_PATHS[key])
    .map(([key, text]) => [key, `${OFFERED_PATHS[key]}\n${text}`] as const);
  return joined.length === 0 ? values : mergeValues(values, { gateway: { nginxConfig: Object.fromEntries(joined) } });
}

/** Refuses snippets that let requests in, or send them elsewhere. */
export function checkSnippets(values: Values, path: string, findings: Findings): void {
  for (const [key, text] of snippetsIn(values)) {
    // A template is not yet nginx's config. The check of the rendered objects reads it.
    if (text.includes("{{")) continue;
    const subject = `${path}.gateway.nginxConfig.${key}`;
    const refuse = (what: string): void =>
      findings.problem({
        subject,
        text: `directives for sizes, times, logs, headers and new variables: ${what}`,
        fix: "remove the directive: the stack sets the password and the list of paths",
      });
    try {
      const [first] = nginxChanges(parseNginx(OFFERED_PATHS[key]), parseNginx(`${OFFERED_PATHS[key]}\n${text}`));
      if (first) refuse(`"${first.directive.slice(0, 80)}" lets requests in, or sends them elsewhere`);
    } catch (error) {
      refuse((error as Error).message.slice(0, 120));
    }
  }
}

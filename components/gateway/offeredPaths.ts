/**
 * nginx snippets that limit the gateway to pushing and reading. With the chart's own list, everyone who may read a line could also flush
 * and stop writers, and reach Loki's config, rings, rules and deletions. The snippets rewrite any other path to one that needs the password
 * too. A plain `return` would answer before nginx asks for the password.
 */
export const OFFERED_PATHS = {
  httpSnippet: [
    "map $uri $offered {",
    "  default 0;",
    "  / 1;",
    "  /stub_status 1;",
    "  /otlp/v1/logs 1;",
    "  ~^/loki/api/v1/(push|query|query_range|labels?|series|index|tail|patterns|detected_labels|detected_fields?|format_query|drilldown-limits|status/buildinfo)(/|$) 1;",
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

/**
 * nginx snippets that limit the gateway to pushing and reading. The chart's own list also offers, to everyone who may read a log, flushing
 * and stopping writers, Loki's config, its rings, rules and deletions. The snippets rewrite any other path to one that needs the password
 * too: a plain `return` would answer before nginx asks for it.
 */
export const OFFERED_PATHS = {
  httpSnippet: [
    "map $uri $offered {",
    "  default 0;",
    "  / 1;",
    "  /stub_status 1;",
    "  ~^/loki/api/v1/(push|query|query_range|labels?|series|index|tail|patterns|detected_labels|detected_fields?|format_query|drilldown-limits|status/buildinfo)(/|$) 1;",
    "}",
  ].join("\n"),
  serverSnippet: [
    "if ($offered = 0) { rewrite ^ /not-offered last; }",
    "location = /not-offered { internal; try_files /nothing =404; }",
  ].join("\n"),
};

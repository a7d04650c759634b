import { type ChartRelease, expand } from "./chartValues.ts";
import { lokiNames } from "./lokiConfig.ts";

type Part = "write" | "read" | "backend";

/** The gateway's locations in the chart's order, and the part that serves each. */
const LOCATIONS: ReadonlyArray<readonly [match: string, part: Part | "internal", ...headers: string[]]> = [
  ["^~ /ui", "read"],
  ["= /api/prom/push", "write"],
  ["= /loki/api/v1/push", "write"],
  ["= /distributor/ring", "write"],
  ["= /otlp/v1/logs", "write"],
  ["= /flush", "write"],
  ["^~ /ingester/", "write"],
  ["= /ingester", "internal"],
  ["= /ring", "write"],
  ["= /memberlist", "write"],
  ["= /ruler/ring", "backend"],
  ["= /api/prom/rules", "backend"],
  ["^~ /api/prom/rules/", "backend"],
  ["= /loki/api/v1/rules", "backend"],
  ["^~ /loki/api/v1/rules/", "backend"],
  ["= /prometheus/api/v1/alerts", "backend"],
  ["= /prometheus/api/v1/rules", "backend"],
  ["= /compactor/ring", "backend"],
  ["= /loki/api/v1/delete", "backend"],
  ["= /loki/api/v1/cache/generation_numbers", "backend"],
  ["= /indexgateway/ring", "backend"],
  ["= /scheduler/ring", "backend"],
  ["= /config", "write"],
  ["= /api/prom/tail", "read", "Upgrade $http_upgrade", 'Connection "upgrade"'],
  ["= /loki/api/v1/tail", "read", "Upgrade $http_upgrade", 'Connection "upgrade"'],
  ["^~ /api/prom/", "read"],
  ["= /api/prom", "internal"],
  [
    "^~ /loki/api/v1/",
    "read",
    'X-Query-Tags "${query_tags},user=${http_x_grafana_user},dashboard_id=${http_x_dashboard_uid},' +
      "dashboard_title=${http_x_dashboard_title},panel_id=${http_x_panel_id},panel_title=${http_x_panel_title}," +
      "source_rule_uid=${http_x_rule_uid},rule_name=${http_x_rule_name},rule_folder=${http_x_rule_folder}," +
      'rule_version=${http_x_rule_version},rule_source=${http_x_rule_source},rule_type=${http_x_rule_type}"',
  ],
  ["= /loki/api/v1", "internal"],
];

const EXPORTER_FORMAT = [
  ...["$http_host", "$request_method", "$status", "$request_completion", "$request_time", "$request_length"],
  ...["$bytes_sent", "$upstream_addr", "$upstream_connect_time", "$upstream_header_time", "$upstream_response_time"],
  "$request_uri",
].join("\\t");

/** The gateway's nginx.conf, built from the values like the chart's `loki.nginxFile`. */
export function gatewayConfig(release: ChartRelease): string {
  const { name, values } = release;
  const { gateway, global, loki } = values;
  const { nginxConfig } = gateway;
  const { host, templates } = lokiNames(release);
  const snippet = (text: string): string => expand(text, release, templates);
  const own: Readonly<Record<Part, string | null>> = {
    write: nginxConfig.customWriteUrl,
    read: nginxConfig.customReadUrl,
    backend: nginxConfig.customBackendUrl,
  };
  const url = (part: Part): string =>
    own[part] || `${nginxConfig.schema}://${host(`${name}-${part}`)}:${loki.server.http_listen_port}`;
  const ssl = nginxConfig.ssl ? " ssl" : "";
  const location = ([match, part, ...headers]: (typeof LOCATIONS)[number]): string =>
    `location ${match} {
      ${headers.map((header) => `proxy_set_header ${header};`).join("\n      ")}
      ${snippet(nginxConfig.locationSnippet)}
      ${part === "internal" ? "internal;" : `set $backend "${url(part)}";\n      proxy_pass $backend$request_uri;`}
    }`;
  return `worker_processes 5;
error_log /dev/stderr;
pid /tmp/nginx.pid;
worker_rlimit_nofile 8192;
events {
  worker_connections 4096;
}
http {
  ${["client_body_temp_path /tmp/client_temp", "proxy_temp_path /tmp/proxy_temp_path"].join(";\n  ")};
  ${["fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path /tmp/${kind}_temp;`).join("\n  ")}
  client_max_body_size ${nginxConfig.clientMaxBodySize};
  ${["read", "send", "connect"].map((what) => `proxy_${what}_timeout 600;`).join("\n  ")}
  proxy_http_version 1.1;
  default_type application/octet-stream;
  log_format ${nginxConfig.logFormat}
  ${gateway.metrics.enabled ? EXPORTER : ""}
  ${gateway.verboseLogging ? "access_log /dev/stderr main;" : ONLY_ERRORS}
  sendfile on;
  tcp_nopush on;
  resolver ${nginxConfig.resolver || `${global.dnsService}.${global.dnsNamespace}.svc.${global.clusterDomain}.`};
  ${snippet(nginxConfig.httpSnippet)}
  map $http_x_query_tags $query_tags {
    "" "noop=";
    default $http_x_query_tags;
  }
  server {
    listen ${gateway.containerPort}${ssl};
    ${nginxConfig.enableIPv6 ? `listen [::]:${gateway.containerPort}${ssl};` : ""}
    ${gateway.basicAuth.enabled ? 'auth_basic "Loki";\n    auth_basic_user_file /etc/nginx/secrets/.htpasswd;' : ""}
    location = / {
      ${snippet(nginxConfig.locationSnippet)}
      return 200 'OK';
      auth_basic off;
    }
    location = /stub_status {
      stub_status on;
      satisfy any;
      access_log off;
      allow 127.0.0.1;
      deny all;
      server_tokens on;
    }
    ${LOCATIONS.filter(([match]) => match !== "^~ /ui" || loki.ui.gateway.enabled)
      .map(location)
      .join("\n    ")}
    ${snippet(nginxConfig.serverSnippet)}
  }
}
`;
}

const EXPORTER = `map $request_uri $track {
    default 1;
    ~^/$ 0;
    ~^/health 0;
    ~^/metrics 0;
  }
  log_format access_log_exporter '${EXPORTER_FORMAT}';
  access_log syslog:server=127.0.0.1:8514,nohostname access_log_exporter if=$track;`;

const ONLY_ERRORS = `map $status $loggable {
    ~^[23] 0;
    default 1;
  }
  access_log /dev/stderr main if=$loggable;`;

import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ALLOY_CHART } from "../../components/alloy/chart.ts";
import { LOKI_CHART } from "../../components/loki/chart.ts";

/** Programs of the system, and the packages of Debian and Ubuntu that contain them. */
export const PACKAGES = {
  nginx: "nginx-light",
  memcached: "memcached",
  openssl: "openssl",
  ip: "iproute2",
  unshare: "util-linux",
} as const;

/** Every other program that a tier runs, by its name on PATH, and where to get it. */
const SOURCES = {
  go: "https://go.dev/dl/",
  pulumi: "the Pulumi CLI, https://www.pulumi.com/docs/install/",
  "pulumi-language-nodejs": "comes in the same archive as pulumi",
  etcd: "https://github.com/etcd-io/etcd/releases",
  "kube-apiserver": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-apiserver",
  "kube-controller-manager": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-controller-manager",
  "kube-scheduler": "https://dl.k8s.io/v1.34.2/bin/linux/amd64/kube-scheduler",
  kwok: "https://github.com/kubernetes-sigs/kwok/releases",
  minio: "https://min.io/download (server), or go install github.com/minio/minio@latest",
  mc: "https://min.io/download (client), or go install github.com/minio/mc@latest",
  loki: `Loki ${LOKI_CHART.appVersion}, https://github.com/grafana/loki/releases`,
  "loki-canary": `Loki ${LOKI_CHART.appVersion}, https://github.com/grafana/loki/releases`,
  prometheus: "https://github.com/prometheus/prometheus/releases",
  promtool: "comes in the same archive as prometheus",
  "dashboard-linter": "go install github.com/grafana/dashboard-linter@latest",
  alloy: `Alloy ${ALLOY_CHART.appVersion}, https://github.com/grafana/alloy/releases`,
} as const;

export type Program = keyof typeof SOURCES | keyof typeof PACKAGES;

/** Path of an executable file, links resolved. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return realpathSync(path);
    } catch {}
  }
  return undefined;
}

/** Why a program cannot be run, and where to get it. `false` when it is on PATH. The value of `skip` in tests that need it. */
export const programMissing = (name: Program): string | false =>
  !onPath(name) && `${name} is not on PATH: ${sourceOf(name)}`;

function sourceOf(name: Program): string {
  if (name in PACKAGES) return `the system's package ${PACKAGES[name as keyof typeof PACKAGES]}`;
  return SOURCES[name as keyof typeof SOURCES];
}

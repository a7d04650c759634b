import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles, writeServiceAccountKeys } from "../certificates.ts";
import { freePort, start } from "../processes.ts";

/** What an API server is started with. */
export interface ApiServerOptions {
  /** Name of the process. */
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  /** URL of etcd, and the cluster's place in it. */
  readonly etcd: string;
  readonly prefix: string;
  readonly serving: CertificateFiles;
  /** The CA of clients. */
  readonly ca: string;
  readonly serviceAccounts: ReturnType<typeof writeServiceAccountKeys>;
  /** The administrator's token. */
  readonly token: string;
  /** Where it listens. Default: loopback, and a free port. */
  readonly address?: string;
  readonly port?: number;
  readonly more?: readonly string[];
}

/** Starts an API server. It is not ready yet. @returns its URL. */
export async function startApiServer(options: ApiServerOptions): Promise<string> {
  const { name, program, folder, etcd, prefix, serving, ca, serviceAccounts, token, more = [] } = options;
  const { address = "127.0.0.1", port = await freePort() } = options;
  const tokens = join(folder, "tokens.csv");
  writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  start(
    name,
    program,
    [
      `--etcd-servers=${etcd}`,
      `--etcd-prefix=/${prefix}`,
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${serving.certificate}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${ca}`,
      `--token-auth-file=${tokens}`,
      `--service-account-key-file=${serviceAccounts.publicKey}`,
      `--service-account-signing-key-file=${serviceAccounts.privateKey}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--authorization-mode=RBAC",
      "--allow-privileged=true",
      "--endpoint-reconciler-type=none",
      ...more,
    ],
    { folder },
  );
  return `https://${address}:${port}`;
}

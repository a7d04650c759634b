import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { CertificateAuthority } from "../../tests/harness/certificates.ts";
import type { BenchEnvironment } from "./environment.ts";

export interface ChartRepository {
  readonly address: string;
  /** Lets programs trust its certificate. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Both charts in a chart repository on loopback: no network's latency, and a public repository's index is far longer. */
export async function startChartRepository({ folder, programs }: BenchEnvironment): Promise<ChartRepository> {
  const place = join(folder, "chart-repository");
  mkdirSync(place);
  const ca = new CertificateAuthority(programs.program.openssl, folder, "charts-ca");
  const { certificate, key } = ca.issue("charts");
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    try {
      response.end(readFileSync(join(place, basename(request.url ?? ""))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const helm = (...args: string[]) => promisify(execFile)(programs.helm ?? "helm", args);
  for (const chart of ["loki", "alloy"]) await helm("package", join(programs.charts, chart), "--destination", place);
  await helm("repo", "index", place, "--url", address);
  return {
    address,
    environment: { SSL_CERT_FILE: ca.certificate },
    stop: () => new Promise((done) => server.close(() => done())),
  };
}

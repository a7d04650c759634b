import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, get } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { strToU8, zipSync } from "fflate";
import { Client } from "minio";
import type { Programs } from "../builtPrograms.ts";
import { CertificateAuthority } from "../certificates.ts";
import type { Keys } from "../minio.ts";
import { joinNetwork } from "../pods/network.ts";
import { until } from "../processes.ts";
import type { RenderedStack } from "./renderedStack.ts";

/** The name and port that both production stacks have in their config, and an address that their `cidrs` allow. */
export const MINIO = { host: "minio.internal.company", port: 9000, address: "10.20.0.10" } as const;

/** The shared MinIO: a process with TLS by a private CA, on the address and under the name that the stacks know. */
export class ObjectStore {
  /** The CA that clients of this class accept. */
  ca: CertificateAuthority;
  readonly admin: Keys = { accessKey: "admin", secretKey: randomBytes(20).toString("hex") };
  readonly #folder: string;
  readonly #programs: Programs;
  readonly #netns: string;
  #process: ReturnType<typeof spawn> | undefined;

  constructor(programs: Programs, parent: string) {
    this.#programs = programs;
    this.#folder = join(parent, "minio");
    mkdirSync(join(this.#folder, "certs"), { recursive: true });
    this.#netns = joinNetwork("minio", MINIO.address);
    this.ca = new CertificateAuthority(programs.openssl, this.#folder, "minio-ca");
    this.issueCertificate(this.ca);
  }

  /** A certificate for the server, by this CA or another one. MinIO takes it at once. */
  issueCertificate(ca: CertificateAuthority): void {
    const certs = join(this.#folder, "certs");
    ca.issue(
      "minio",
      { certificate: join(certs, "public.crt"), key: join(certs, "private.key") },
      `DNS:${MINIO.host},IP:${MINIO.address}`,
    );
  }

  async start(): Promise<void> {
    this.launch();
    await this.answers();
  }

  /** Starts the process, and does not wait for it. */
  launch(): void {
    const log = openSync(join(this.#folder, "output.log"), "a");
    this.#process = spawn(
      "nsenter",
      [
        `--net=${this.#netns}`,
        ...[this.#programs.minio, "server", "--quiet", "--address", `:${MINIO.port}`],
        ...["--certs-dir", join(this.#folder, "certs"), join(this.#folder, "data")],
      ],
      {
        stdio: ["ignore", log, log],
        detached: true,
        env: {
          ...process.env,
          MINIO_ROOT_USER: this.admin.accessKey,
          MINIO_ROOT_PASSWORD: this.admin.secretKey,
          MINIO_BROWSER: "off",
          MINIO_UPDATE: "off",
          // Its counters of requests, for whoever reaches it: nothing else is on this network.
          MINIO_PROMETHEUS_AUTH_TYPE: "public",
        },
      },
    );
    this.#process.unref();
  }

  /** Waits until it answers, by the name that the cluster's DNS has. */
  async answers(): Promise<void> {
    await until("MinIO", () => this.client(this.admin).listBuckets());
  }

  /** Gone from one moment to the next, as a node that loses power. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.ref();
    child.kill("SIGKILL");
    await ended;
  }

  /** A client with its own keys; the CA can be another one. */
  client({ accessKey, secretKey }: Keys, ca = this.ca.pem): Client {
    // A region spares the client the question for one, which the policy does not allow.
    return new Client({
      endPoint: MINIO.host,
      port: MINIO.port,
      useSSL: true,
      region: "us-east-1",
      accessKey,
      secretKey,
      transportAgent: new Agent({ ca, keepAlive: true }),
    });
  }

  /** Runs MinIO's own client. @returns what it said; @throws with it when it fails. */
  async mc(keys: Keys, ...args: string[]): Promise<string> {
    const config = join(this.#folder, "mc", keys.accessKey);
    mkdirSync(join(config, "certs", "CAs"), { recursive: true });
    writeFileSync(join(config, "certs", "CAs", "ca.crt"), this.ca.pem);
    try {
      const env = {
        ...process.env,
        MC_HOST_minio: `https://${keys.accessKey}:${keys.secretKey}@${MINIO.host}:${MINIO.port}`,
      };
      // Not the blocking kind: this process is also the DNS that mc asks.
      const { stdout } = await promisify(execFile)(this.#programs.mc, ["--config-dir", config, ...args], { env });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`mc ${args.join(" ")}: ${(stderr || stdout).trim()}`);
    }
  }

  /** MinIO's own metrics, in the text format of Prometheus. It notes them every ten seconds. */
  async metrics(): Promise<string> {
    const options = { host: MINIO.host, port: MINIO.port, path: "/minio/v2/metrics/cluster", ca: this.ca.pem };
    return text(await new Promise<IncomingMessage>((done, failed) => get(options, done).once("error", failed)));
  }

  /**
   * Bucket, policy, user and attachment of a stack, as its plan says. In the form in which MinIO exports and imports them: one request,
   * where a user and an attachment are two that take half a second each to encrypt and decrypt.
   */
  async grant(stack: RenderedStack): Promise<void> {
    const { policy, storageKeys } = stack;
    const file = join(this.#folder, `${policy.name}.zip`);
    const assets = {
      policies: { [policy.name]: JSON.parse(policy.document) },
      users: { [storageKeys.accessKey]: { secretKey: storageKeys.secretKey, status: "enabled" } },
      user_mappings: { [storageKeys.accessKey]: { version: 1, policy: policy.name } },
    };
    const entries = Object.entries(assets).map(([name, content]) => [
      `iam-assets/${name}.json`,
      strToU8(JSON.stringify(content)),
    ]);
    writeFileSync(file, zipSync(Object.fromEntries(entries)), { mode: 0o600 });
    await Promise.all([
      this.client(this.admin).makeBucket(stack.bucket),
      this.mc(this.admin, "admin", "cluster", "iam", "import", "minio", file),
    ]);
  }

  /** A user with the stack's policy. */
  async addUser(stack: RenderedStack, keys: Keys): Promise<void> {
    await this.mc(this.admin, "admin", "user", "add", "minio", keys.accessKey, keys.secretKey);
    await this.mc(this.admin, "admin", "policy", "attach", "minio", stack.policy.name, "--user", keys.accessKey);
  }

  async removeUser(keys: Keys): Promise<void> {
    await this.mc(this.admin, "admin", "user", "rm", "minio", keys.accessKey);
  }
}

import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { strToU8, zipSync } from "fflate";
import { type Keys, Minio } from "../minio.ts";
import { joinNetwork } from "../pods/network.ts";
import type { RenderedStack } from "./renderedStack.ts";
import type { StackPrograms } from "./requirements.ts";

/** The name and port that both production stacks have in their config, and an address that their `cidrs` allow. */
export const MINIO = { host: "minio.internal.company", port: 9000, address: "10.20.0.10" } as const;

/** The shared MinIO, on the address and under the name that the stacks know, with the buckets, users and policies of stacks. */
export class ObjectStore extends Minio {
  readonly #mc: string;

  constructor(programs: StackPrograms, parent: string) {
    super(programs, {
      parent,
      host: MINIO.host,
      port: MINIO.port,
      subjects: `DNS:${MINIO.host},IP:${MINIO.address}`,
      runWith: ["nsenter", `--net=${joinNetwork("minio", MINIO.address)}`],
      // Counters of requests, without a login: nothing else is on this network.
      env: { MINIO_PROMETHEUS_AUTH_TYPE: "public" },
    });
    this.#mc = programs.mc;
  }

  /** Runs MinIO's own client. @returns its output. @throws with its output when it fails. */
  async mc(keys: Keys, ...args: string[]): Promise<string> {
    const config = join(this.folder, "mc", keys.accessKey);
    mkdirSync(join(config, "certs", "CAs"), { recursive: true });
    writeFileSync(join(config, "certs", "CAs", "ca.crt"), this.ca.pem);
    try {
      const env = {
        ...process.env,
        MC_HOST_minio: `https://${keys.accessKey}:${keys.secretKey}@${MINIO.host}:${MINIO.port}`,
      };
      // A blocking call would hang: mc asks the DNS that this process serves.
      const { stdout } = await promisify(execFile)(this.#mc, ["--config-dir", config, ...args], { env });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`mc ${args.join(" ")}: ${(stderr || stdout).trim()}`);
    }
  }

  /** MinIO's own metrics, in the text format of Prometheus. MinIO updates them every ten seconds. */
  async metrics(): Promise<string> {
    const options = { host: MINIO.host, port: MINIO.port, path: "/minio/v2/metrics/cluster", ca: this.ca.pem };
    return text(await new Promise<IncomingMessage>((done, failed) => get(options, done).once("error", failed)));
  }

  /**
   * Creates the bucket, policy, user and attachment of a stack as its plan has them.
   *
   * They are imported in MinIO's own export format. That is one request; creating a user and attaching a policy are two, and MinIO needs
   * half a second to encrypt and decrypt each.
   */
  async grant(stack: RenderedStack): Promise<void> {
    const { policy, storageKeys } = stack;
    const file = join(this.folder, `${policy.name}.zip`);
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

  /** Creates a user with the stack's policy. */
  async addUser(stack: RenderedStack, keys: Keys): Promise<void> {
    await this.mc(this.admin, "admin", "user", "add", "minio", keys.accessKey, keys.secretKey);
    await this.mc(this.admin, "admin", "policy", "attach", "minio", stack.policy.name, "--user", keys.accessKey);
  }

  async removeUser(keys: Keys): Promise<void> {
    await this.mc(this.admin, "admin", "user", "rm", "minio", keys.accessKey);
  }
}

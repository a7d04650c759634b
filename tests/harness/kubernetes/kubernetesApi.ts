import { Agent, request } from "node:https";

/** The parts of a Kubernetes object that tests use. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly deletionTimestamp?: string;
    readonly creationTimestamp?: string;
    readonly ownerReferences?: ReadonlyArray<{ readonly kind: string; readonly name: string }>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests look at many kinds with different fields.
  readonly [field: string]: any;
}

/** A client of one API server. It does not use the SDK, which is under test. */
export class KubernetesApi {
  readonly #agent: Agent;
  readonly #server: string;
  readonly #token: string;

  constructor(server: string, ca: string, token: string) {
    this.#server = server;
    this.#token = token;
    this.#agent = new Agent({ ca, keepAlive: true });
  }

  /** Objects of a collection: `/api/v1/namespaces/logging/pods`. Empty if the namespace does not exist. */
  async list(path: string): Promise<KubernetesObject[]> {
    const { items } = (await this.call("GET", path)) as { items: KubernetesObject[] };
    return items;
  }

  async get(path: string): Promise<KubernetesObject | undefined> {
    return this.call("GET", path).then(
      (object) => object as KubernetesObject,
      (error: KubernetesError) => {
        if (error.status === 404) return undefined;
        throw error;
      },
    );
  }

  async create(path: string, object: unknown): Promise<void> {
    await this.call("POST", path, object);
  }

  call(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const call = request(
        new URL(path, this.#server),
        {
          method,
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${this.#token}`,
            "content-type": "application/json",
            // Node does not send it with DELETE, and the API server would take the body for the next request.
            ...(text !== undefined && { "content-length": Buffer.byteLength(text) }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => {
            text += part;
          });
          response.on("end", () => {
            const status = response.statusCode ?? 0;
            if (status >= 300)
              reject(new KubernetesError(`${method} ${path}: ${status} ${text.slice(0, 500)}`, status));
            else resolve(/json/.test(response.headers["content-type"] ?? "") ? JSON.parse(text) : text);
          });
          response.on("error", reject);
        },
      );
      call.on("error", reject);
      call.end(text);
    });
  }
}

export class KubernetesError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

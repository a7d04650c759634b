import { posix } from "node:path";
import { parse } from "yaml";
import { Findings } from "../components/findings.ts";
import { checkNoSecrets } from "../components/helm/secretsInValues.ts";

/** A resource as the engine hands it to a policy. */
export interface CheckedResource {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of any resource of any provider.
  readonly props: Record<string, any>;
  readonly protect: boolean;
}

/** One rule of the pack: what is wrong with a resource, in words that say how to mend it. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  violations(resource: CheckedResource): string[];
}

/** The pack. Each rule holds for what LoggingStack makes and for Loki deployed by hand. */
export const RULES: readonly Rule[] = [
  {
    name: "log-buckets-are-protected",
    description: "A bucket of logs has `protect`, and is never deleted with what is in it.",
    violations: ({ type, name, props, protect }) =>
      isBucket(type) && /loki|log/i.test(`${props.bucket ?? name}`)
        ? [
            ...unless(
              protect,
              "no protection: one diff that nobody read deletes it. Set the resource option protect: true",
            ),
            ...unless(!isTrue(props.forceDestroy), "forceDestroy deletes the bucket with its logs. Leave it out"),
          ]
        : [],
  },
  {
    name: "s3-rights-are-narrow",
    description: "A MinIO policy names its actions and its bucket, and denies the admin calls.",
    violations: ({ type, props }) => {
      if (/^minio:index\/iam(Group)?Policy:/.test(type)) return policyViolations(props.policy);
      return /^minio:index\/iam\w+PolicyAttachment:/.test(type)
        ? unless(!BUILT_IN.includes(props.policyName), `MinIO's own policy ${props.policyName} reaches every bucket`)
        : [];
    },
  },
  {
    name: "object-store-has-tls",
    description: "Keys and logs travel to the object store by TLS.",
    violations: (resource) => {
      const { type, props } = resource;
      if (type === "pulumi:providers:minio")
        return unless(isTrue(props.minioSsl), "the provider talks plain HTTP. Set minioSsl: true");
      const loki = lokiValuesOf(resource);
      if (!loki) return [];
      const stores = [
        ["loki.storage.s3", loki.loki?.storage?.s3] as const,
        ["loki.storage.object_store.s3", loki.loki?.storage?.object_store?.s3] as const,
        ...lokiConfigs(loki).flatMap(([path, config]) => [
          [`${path}.common.storage.s3`, config.common?.storage?.s3] as const,
          [`${path}.storage_config.aws`, config.storage_config?.aws] as const,
        ]),
      ];
      return stores.flatMap(([path, s3]) => [
        ...unless(!isTrue(s3?.insecure), `${path}.insecure means plain HTTP. Set it to false, and give Loki the CA`),
        ...unless(
          !`${s3?.endpoint ?? ""}`.startsWith("http://"),
          `${path}.endpoint is plain HTTP. Write https://, and give Loki the CA`,
        ),
      ]);
    },
  },
  {
    name: "no-secrets-in-values",
    description: "Helm values hold no secret: they stand in clear in previews, in the state and in the cluster.",
    violations: ({ type, props }) => {
      if (!isHelm(type)) return [];
      const findings = new Findings();
      checkNoSecrets(props.values, "values", findings);
      return findings.problems.map(({ subject, fix }) => `${subject} looks like a secret: ${fix}`);
    },
  },
  {
    name: "retention-is-set",
    description: "Loki deletes what is older than somebody decided; without a decision the bucket grows for ever.",
    violations: (resource) => {
      const values = lokiValuesOf(resource);
      if (!values) return [];
      const configs = lokiConfigs(values).map(([, config]) => config);
      const period = configs.map((config) => config.limits_config?.retention_period).find((set) => set !== undefined);
      const enabled = configs.map((config) => config.compactor?.retention_enabled).find((set) => set !== undefined);
      return [
        ...unless(
          period !== undefined && !/^0\D*$/.test(`${period}`),
          "no retention: set loki.limits_config.retention_period",
        ),
        ...unless(isTrue(enabled), "nothing is deleted: set loki.compactor.retention_enabled: true"),
      ];
    },
  },
  {
    name: "versions-are-pinned",
    description: "A chart has one exact version, and no image is `latest`: two runs deploy the same.",
    violations: ({ type, props }) => {
      if (!isHelm(type)) return [];
      // A chart folder carries its version in itself.
      const folder = /^(\.|\/)/.test(`${props.chart ?? ""}`);
      return [
        ...unless(
          folder || /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(`${props.version ?? ""}`),
          `the version ${props.version ?? "of the day"} is not exact. Write it in full, like 18.11.0`,
        ),
        ...latestTags(props.values, "values").map((path) => `${path} is latest. Write a version or a digest`),
      ];
    },
  },
];

const unless = (ok: boolean, violation: string): string[] => (ok ? [] : [violation]);

/** Providers keep their own inputs as JSON text: `"true"`. */
const isTrue = (value: unknown): boolean => value === true || value === "true";

const isBucket = (type: string): boolean => /^minio:index\/s3Bucket:|^aws:s3\/bucket(V2)?:/.test(type);

const isHelm = (type: string): boolean => /^kubernetes:helm\.sh\/v[34]:(Release|Chart)$/.test(type);

/** The values of a release of any of Loki's charts. */
function lokiValuesOf({ type, props }: CheckedResource): CheckedResource["props"] | undefined {
  return isHelm(type) && /^loki\b/.test(posix.basename(`${props.chart ?? ""}`)) ? (props.values ?? {}) : undefined;
}

/** Loki's own config wherever its charts take it from, as `[path, config]`; what wins comes first. */
function lokiConfigs({ loki = {} }: CheckedResource["props"]): Array<[string, CheckedResource["props"]]> {
  const configs: Array<[string, unknown]> = [
    ["loki.config", typeof loki.config === "string" ? parsedYaml(loki.config) : loki.config],
    ["loki.structuredConfig", loki.structuredConfig],
    ["loki", loki],
  ];
  return configs.flatMap(([path, config]) => (typeof config === "object" && config !== null ? [[path, config]] : []));
}

/** A config as text may be a template, which only Helm can read. */
function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Policies that MinIO brings along. https://min.io/docs/minio/linux/administration/identity-access-management/policy-based-access-control.html */
const BUILT_IN = ["consoleAdmin", "readwrite", "readonly", "writeonly", "diagnostics"];

type Statement = { Effect?: string; Action?: string | string[]; NotAction?: unknown; Resource?: string | string[] };

function policyViolations(text: unknown): string[] {
  let statements: Statement[];
  try {
    const { Statement = [] } = JSON.parse(`${text}`) as { Statement?: Statement | Statement[] };
    statements = [Statement].flat();
  } catch {
    return ["the policy is no JSON"];
  }
  const allowed = statements.filter(({ Effect }) => Effect === "Allow");
  const denied = statements.filter(({ Effect }) => Effect === "Deny").flatMap(({ Action = [] }) => Action);
  return [
    ...allowed
      .flatMap(({ Action = [] }) => Action)
      .filter((action) => /\*|^admin:/.test(action))
      .map((action) => `${action} is more than Loki needs: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject`),
    ...unless(!allowed.some(({ NotAction }) => NotAction), "NotAction allows everything but a list. Name the actions"),
    ...allowed
      .flatMap(({ Resource = [] }) => Resource)
      .filter((resource) => !/^arn:aws:s3:::[a-z0-9][a-z0-9.-]+(\/\*)?$/.test(resource))
      .map(
        (resource) => `${resource} reaches other buckets. Name one: arn:aws:s3:::<bucket> and arn:aws:s3:::<bucket>/*`,
      ),
    ...unless(
      denied.includes("admin:*"),
      'without a denial of "admin:*" the user can give itself a service account that never expires, and change its password',
    ),
  ];
}

function latestTags(values: unknown, path: string): string[] {
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    key === "tag" && value === "latest" ? [`${path}.tag`] : latestTags(value, `${path}.${key}`),
  );
}

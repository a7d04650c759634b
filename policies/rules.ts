import { posix } from "node:path";
import { parse } from "yaml";
import { Findings } from "../components/findings.ts";
import { checkNoSecrets } from "../components/helm/secretsInValues.ts";
import { TENANT } from "../components/loki/effectiveConfig.ts";

/** A resource as the engine hands it to a policy. */
export interface CheckedResource {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of any resource of any provider.
  readonly props: Record<string, any>;
  readonly protect: boolean;
}

/** One rule of the pack. Each violation names what is wrong with the resource and how to fix it. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  violations(resource: CheckedResource): string[];
}

/** The pack. Each rule applies to the resources of LoggingStack and to Loki deployed by hand. */
export const RULES: readonly Rule[] = [
  {
    name: "log-buckets-are-protected",
    description: "A log bucket has `protect`, and is never deleted together with its logs.",
    violations: ({ type, name, props, protect }) =>
      isBucket(type) && /loki|log/i.test(`${props.bucket ?? name}`)
        ? [
            ...unless(
              protect,
              "the bucket is not protected, so a diff that nobody read can delete it. Set the resource option protect: true",
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
    description: "Keys and logs travel to the object store over TLS.",
    violations: (resource) => {
      const { type, props } = resource;
      if (type === "pulumi:providers:minio")
        return unless(isTrue(props.minioSsl), "the provider uses plain HTTP. Set minioSsl: true");
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
    description: "Helm values hold no secret, because previews, the state and the cluster show them in clear.",
    violations: ({ type, props }) => {
      if (!isHelm(type)) return [];
      const findings = new Findings();
      checkNoSecrets(props.values, "values", findings);
      return findings.problems.map(({ subject, fix }) => `${subject} looks like a secret: ${fix}`);
    },
  },
  {
    name: "retention-is-set",
    description: "Loki deletes what is older than a set period. Without one, the bucket grows without a limit.",
    violations: (resource) => {
      const values = lokiValuesOf(resource);
      if (!values) return [];
      const configs = lokiConfigs(values).map(([, config]) => config);
      // What Loki reads while it runs comes first. It has one tenant, unless auth_enabled is set.
      const tenant = values.loki?.runtimeConfig?.overrides?.[TENANT];
      const limits = [tenant, ...configs.map((config) => config.limits_config)];
      const period = limits.map((some) => some?.retention_period).find((set) => set !== undefined);
      const enabled = configs.map((config) => config.compactor?.retention_enabled).find((set) => set !== undefined);
      return [
        ...unless(
          period !== undefined && !/^0\D*$/.test(`${period}`),
          "no retention period. Set loki.limits_config.retention_period",
        ),
        ...unless(isTrue(enabled), "Loki deletes nothing. Set loki.compactor.retention_enabled: true"),
      ];
    },
  },
  {
    name: "versions-are-pinned",
    description: "A chart has an exact version and no image is `latest`, so that two runs deploy the same.",
    violations: ({ type, props }) => {
      if (!isHelm(type)) return [];
      // A chart folder contains its version.
      const folder = /^(\.|\/)/.test(`${props.chart ?? ""}`);
      return [
        ...unless(
          folder || /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(`${props.version ?? ""}`),
          `the version ${props.version ?? "(none)"} is not exact. Write it in full, like 18.11.0`,
        ),
        ...latestTags(props.values, "values").map((path) => `${path} is latest. Write a version or a digest`),
      ];
    },
  },
];

const unless = (ok: boolean, violation: string): string[] => (ok ? [] : [violation]);

/** A provider stores its inputs as JSON text: `"true"`. */
const isTrue = (value: unknown): boolean => value === true || value === "true";

const isBucket = (type: string): boolean => /^minio:index\/s3Bucket:|^aws:s3\/bucket(V2)?:/.test(type);

const isHelm = (type: string): boolean => /^kubernetes:helm\.sh\/v[34]:(Release|Chart)$/.test(type);

/** The values of a release of any of Loki's charts. */
function lokiValuesOf({ type, props }: CheckedResource): CheckedResource["props"] | undefined {
  return isHelm(type) && /^loki\b/.test(posix.basename(`${props.chart ?? ""}`)) ? (props.values ?? {}) : undefined;
}

/** Loki's config in each place where its charts read it, as `[path, config]`, highest precedence first. */
function lokiConfigs({ loki = {} }: CheckedResource["props"]): Array<[string, CheckedResource["props"]]> {
  const configs: Array<[string, unknown]> = [
    ["loki.config", typeof loki.config === "string" ? parsedYaml(loki.config) : loki.config],
    ["loki.structuredConfig", loki.structuredConfig],
    ["loki", loki],
  ];
  return configs.flatMap(([path, config]) => (typeof config === "object" && config !== null ? [[path, config]] : []));
}

/** Undefined for a config that is a template, which only Helm can read. */
function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Policies that MinIO ships with. https://min.io/docs/minio/linux/administration/identity-access-management/policy-based-access-control.html */
const BUILT_IN = ["consoleAdmin", "readwrite", "readonly", "writeonly", "diagnostics"];

type Statement = { Effect?: string; Action?: string | string[]; NotAction?: unknown; Resource?: string | string[] };

function policyViolations(text: unknown): string[] {
  let statements: Statement[];
  try {
    const { Statement = [] } = JSON.parse(`${text}`) as { Statement?: Statement | Statement[] };
    statements = [Statement].flat();
  } catch {
    return ["the policy is not valid JSON"];
  }
  const allowed = statements.filter(({ Effect }) => Effect === "Allow");
  const denied = statements.filter(({ Effect }) => Effect === "Deny").flatMap(({ Action = [] }) => Action);
  return [
    ...allowed
      .flatMap(({ Action = [] }) => Action)
      .filter((action) => /\*|^admin:/.test(action))
      .map((action) => `${action} is more than Loki needs: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject`),
    ...unless(
      !allowed.some(({ NotAction }) => NotAction),
      "NotAction allows every action that it does not list. Name the actions",
    ),
    ...allowed
      .flatMap(({ Resource = [] }) => Resource)
      .filter((resource) => !/^arn:aws:s3:::[a-z0-9][a-z0-9.-]+(\/\*)?$/.test(resource))
      .map(
        (resource) => `${resource} reaches other buckets. Name one: arn:aws:s3:::<bucket> and arn:aws:s3:::<bucket>/*`,
      ),
    ...unless(
      denied.includes("admin:*"),
      'the policy does not deny "admin:*", so the user can create a service account that never expires, and change its password',
    ),
  ];
}

function latestTags(values: unknown, path: string): string[] {
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    key === "tag" && value === "latest" ? [`${path}.tag`] : latestTags(value, `${path}.${key}`),
  );
}

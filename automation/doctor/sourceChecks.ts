import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { Finding } from "../../components/findings.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { agentNodes, architecture } from "../cluster/agentNodes.ts";
import {
  type ChartLogin,
  chartReference,
  helmMissing,
  helmShowChart,
  type ReleaseInputs,
} from "../plan/helmTemplate.ts";
import { type Check, type CheckResult, judged, known, ok, skipped } from "./check.ts";

/** Helm, the charts, and the images in them, as this machine reaches them. The nodes' network may differ. */
export function sourceChecks(
  releases: readonly ReleaseInputs[],
  login: ChartLogin | undefined,
  rendered: () => Promise<readonly Manifest[][]>,
  kube: KubeConfig | undefined,
): Check[] {
  const missing = helmMissing() !== undefined;
  const without = (name: string, why: string): Check => known(name, skipped(`without helm, ${why}`));
  return [
    known("helm", judged(missing ? [HELM_MISSING] : [], "on PATH")),
    ...releases.map((release): Check => {
      const name = `chart ${release.name}`;
      return missing ? without(name, "it cannot be fetched") : { name, run: () => checkChart(release, login) };
    }),
    missing
      ? without("images", "it is not known which are used")
      : { name: "images", run: () => checkImages(rendered, kube) },
  ];
}

const HELM_MISSING: Finding = {
  subject: "helm",
  text: "is not on PATH: a deploy uses it to show what changes inside the releases",
  fix: "install it: https://helm.sh/docs/intro/install/",
};

/** A release's chart can be fetched. */
export async function checkChart(release: ReleaseInputs, login?: ChartLogin): Promise<CheckResult> {
  const { name, version } = release;
  try {
    await helmShowChart(release, login);
    return ok(`${version}, helm show chart ${chartReference(release).join(" ")}`);
  } catch (error) {
    const text = (error as Error).message.split("\n").at(-1) ?? "";
    const fix = `helm pull ${name} --version ${version}, and name a mirror in ${name}.chart.source`;
    return judged([{ subject: `chart ${name}`, text, fix }], "");
  }
}

/** Registries hand out all images of the releases, for the processors of the cluster's nodes. */
export async function checkImages(
  rendered: () => Promise<readonly Manifest[][]>,
  kube: KubeConfig | undefined,
): Promise<CheckResult> {
  const objects = await rendered().catch(() => undefined);
  if (!objects) return skipped("without the charts, it is not known which are used");
  const architectures = kube ? await agentArchitectures(kube).catch(() => []) : [];
  const images = [...new Set(imagesOf(objects))].sort();
  const findings = await Promise.all(images.map((image) => imageFinding(image, architectures)));
  const processors = architectures.length > 0 ? ` for ${architectures.join(" and ")}` : "";
  return judged(
    findings.filter((finding) => finding !== undefined),
    `${images.length} can be pulled${processors}`,
  );
}

/** Architectures of the nodes that get an agent. */
async function agentArchitectures(kube: KubeConfig): Promise<string[]> {
  const { items } = await kube.makeApiClient(CoreV1Api).listNode();
  return [...new Set(agentNodes(items).linux.map(architecture))].sort();
}

async function imageFinding(image: string, architectures: readonly string[]): Promise<Finding | undefined> {
  const { problem, platforms } = await manifestOf(image);
  const subject = `image ${image}`;
  if (problem !== undefined)
    return {
      subject,
      text: `${problem}; the nodes may reach what this machine does not`,
      fix: "mirror it and set images.registry, or let the nodes reach its registry (az aks check-acr)",
    };
  const missing = platforms ? architectures.filter((wanted) => !platforms.includes(wanted)) : [];
  if (missing.length === 0) return undefined;
  return {
    subject,
    text: `has no variant for ${missing.join(" and ")}, and the cluster has such nodes: its pods cannot start there`,
    fix: "mirror the image with all its platforms (az acr import does, docker pull and push do not), or keep its pods off these nodes",
  };
}

/** Every `image:` of some objects. */
function imagesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === "image" && typeof child === "string" ? [child] : imagesOf(child),
  );
}

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** What a registry has of an image: why it does not hand it out, or the processors that it is for. */
interface ImageManifest {
  readonly problem?: string;
  /** Absent if the registry does not tell: it asks for a login, or the image has a single variant that is not described. */
  readonly platforms?: readonly string[];
}

/** Asks a registry for an image. https://distribution.github.io/distribution/spec/api/ */
export async function manifestOf(image: string): Promise<ImageManifest> {
  const { url, host } = manifestUrl(image);
  let authorization: string | undefined;
  const ask = (address: string) =>
    fetch(address, {
      headers: { accept: MANIFESTS, ...(authorization && { authorization }) },
      signal: AbortSignal.timeout(15_000),
    });
  try {
    let response = await ask(url);
    const challenge = response.headers.get("www-authenticate") ?? "";
    if (response.status === 401 && challenge.includes("realm=")) {
      authorization = `Bearer ${await token(challenge)}`;
      response = await ask(url);
    }
    // A registry with a login knows the login of the nodes, not this machine's.
    if (response.status === 401 || response.status === 403) return {};
    if (!response.ok) return { problem: `${host} answers ${response.status}` };
    const platforms = await platformsOf((await response.json()) as Manifests, (digest) => ask(blobUrl(url, digest)));
    return platforms ? { platforms } : {};
  } catch (error) {
    const { message, cause } = error as { message: string; cause?: { message?: string } };
    return { problem: `${host} does not answer: ${cause?.message ?? message}` };
  }
}

/** An index of manifests, or the manifest of one platform. https://github.com/opencontainers/image-spec/blob/main/image-index.md */
interface Manifests {
  readonly manifests?: ReadonlyArray<{ readonly platform?: { readonly os?: string; readonly architecture?: string } }>;
  readonly config?: { readonly digest: string };
}

/** Processors of an image's Linux variants, if the registry tells. A single manifest names its processor only in its config. */
async function platformsOf(
  { manifests, config }: Manifests,
  askBlob: (digest: string) => Promise<Response>,
): Promise<string[] | undefined> {
  if (manifests)
    return manifests.flatMap(({ platform }) => (platform?.os === "linux" ? (platform.architecture ?? []) : []));
  const blob = config ? await askBlob(config.digest) : undefined;
  const { architecture: only } = blob?.ok ? ((await blob.json()) as { architecture?: string }) : {};
  return only ? [only] : undefined;
}

const blobUrl = (manifest: string, digest: string): string => manifest.replace(/\/manifests\/.*$/, `/blobs/${digest}`);

/** An anonymous token, as a registry's challenge asks for it. https://distribution.github.io/distribution/spec/auth/token/ */
async function token(challenge: string): Promise<string> {
  const part = (key: string) => new RegExp(`${key}="([^"]+)"`).exec(challenge)?.[1] ?? "";
  const query = new URLSearchParams({ service: part("service"), scope: part("scope") });
  const response = await fetch(`${part("realm")}?${query}`, { signal: AbortSignal.timeout(15_000) });
  return ((await response.json()) as { token: string }).token;
}

/** Where an image's manifest is; without a registry in its name, Docker's. */
export function manifestUrl(image: string): { url: string; host: string } {
  const [first = "", ...rest] = image.split("/");
  const named = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const host = named ? (first === "docker.io" ? "registry-1.docker.io" : first) : "registry-1.docker.io";
  const path = named ? rest.join("/") : rest.length > 0 ? image : `library/${image}`;
  const [repository = "", digest] = path.split("@");
  const [name, tag] = repository.split(":");
  const official = host === "registry-1.docker.io" && !name?.includes("/") ? `library/${name}` : name;
  return { host, url: `https://${host}/v2/${official}/manifests/${digest ?? tag ?? "latest"}` };
}

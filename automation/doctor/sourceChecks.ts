import type { Finding } from "../../components/findings.ts";
import {
  type ChartLogin,
  chartReference,
  helmMissing,
  helmShowChart,
  helmTemplates,
  type ReleaseInputs,
} from "../plan/helmTemplate.ts";
import { type Check, type CheckResult, judged, known, ok, skipped } from "./check.ts";

/** Helm, the charts, and the images in them, as this machine reaches them. The nodes' network may differ. */
export function sourceChecks(releases: readonly ReleaseInputs[], login?: ChartLogin): Check[] {
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
      : { name: "images", run: () => checkImages(releases, login) },
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

/** Registries hand out all images of the releases. */
export async function checkImages(releases: readonly ReleaseInputs[], login?: ChartLogin): Promise<CheckResult> {
  const objects = await helmTemplates(releases, login).catch(() => undefined);
  if (!objects) return skipped("without the charts, it is not known which are used");
  const images = [...new Set(imagesOf(objects))].sort();
  const findings = await Promise.all(images.map(imageFinding));
  return judged(
    findings.filter((finding) => finding !== undefined),
    `${images.length} can be pulled`,
  );
}

async function imageFinding(image: string): Promise<Finding | undefined> {
  const problem = await imageProblem(image);
  if (problem === undefined) return undefined;
  return {
    subject: `image ${image}`,
    text: `${problem}; the nodes may reach what this machine does not`,
    fix: "mirror it and set images.registry, or let the nodes reach its registry (az aks check-acr)",
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

/** Why a registry does not hand out an image's manifest, or `undefined`. https://distribution.github.io/distribution/spec/api/ */
async function imageProblem(image: string): Promise<string | undefined> {
  const { url, host } = manifestUrl(image);
  const ask = (authorization?: string) =>
    fetch(url, {
      method: "HEAD",
      headers: { accept: MANIFESTS, ...(authorization && { authorization }) },
      signal: AbortSignal.timeout(15_000),
    });
  try {
    let response = await ask();
    const challenge = response.headers.get("www-authenticate") ?? "";
    if (response.status === 401 && challenge.includes("realm="))
      response = await ask(`Bearer ${await token(challenge)}`);
    // A registry with a login knows the login of the nodes, not this machine's.
    if (response.status === 401 || response.status === 403) return undefined;
    return response.ok ? undefined : `${host} answers ${response.status}`;
  } catch (error) {
    const { message, cause } = error as { message: string; cause?: { message?: string } };
    return `${host} does not answer: ${cause?.message ?? message}`;
  }
}

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

import {
  type ChartLogin,
  chartReference,
  helmMissing,
  helmShowChart,
  helmTemplate,
  type ReleaseInputs,
} from "../plan/helmTemplate.ts";
import { type Check, judged, ok, skipped } from "./check.ts";

/** Charts and the images in them, as they can be reached from here. The nodes have a network of their own. */
export function sourceChecks(releases: readonly ReleaseInputs[], login?: ChartLogin): Check[] {
  return [
    {
      name: "helm",
      run: async () =>
        judged(
          helmMissing()
            ? [
                {
                  subject: "helm",
                  text: "is not on PATH, and a deploy looks with it at what changes inside the releases",
                  fix: "install it: https://helm.sh/docs/intro/install/",
                },
              ]
            : [],
          "on PATH",
        ),
    },
    ...releases.map(
      (release): Check => ({
        name: `chart ${release.name}`,
        async run() {
          if (helmMissing()) return skipped("without helm it cannot be asked for");
          try {
            helmShowChart(release, login);
            return ok(`${release.version}, helm show chart ${chartReference(release).join(" ")}`);
          } catch (error) {
            const text = (error as Error).message.split("\n").at(-1) ?? "";
            return judged(
              [
                {
                  subject: `chart ${release.name}`,
                  text,
                  fix: `helm pull ${release.name} --version ${release.version}, and name a mirror in ${release.name}.chart.source`,
                },
              ],
              "",
            );
          }
        },
      }),
    ),
    {
      name: "images",
      async run() {
        if (helmMissing()) return skipped("without helm it is not known which");
        let images: string[];
        try {
          images = [...new Set(releases.flatMap((release) => imagesOf(helmTemplate(release, login))))].sort();
        } catch {
          return skipped("without the charts it is not known which");
        }
        const unreachable = (
          await Promise.all(images.map(async (image) => ({ image, why: await imageProblem(image) })))
        ).filter(({ why }) => why);
        return judged(
          unreachable.map(({ image, why }) => ({
            subject: `image ${image}`,
            text: `${why}; the nodes may reach what this machine does not`,
            fix: "mirror it and set images.registry, or let the nodes reach its registry (az aks check-acr)",
          })),
          `${images.length} can be had`,
        );
      },
    },
  ];
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
    const part = (key: string) => new RegExp(`${key}="([^"]+)"`).exec(challenge)?.[1];
    const realm = part("realm");
    if (response.status === 401 && realm) {
      const token = await fetch(
        `${realm}?${new URLSearchParams({ service: part("service") ?? "", scope: part("scope") ?? "" })}`,
        { signal: AbortSignal.timeout(15_000) },
      );
      response = await ask(`Bearer ${((await token.json()) as { token?: string }).token}`);
    }
    // A registry that wants a login knows the nodes', not this machine's.
    if (response.status === 401 || response.status === 403) return undefined;
    return response.ok ? undefined : `${host} answers ${response.status}`;
  } catch (error) {
    const { message, cause } = error as { message: string; cause?: { message?: string } };
    return `${host} does not answer: ${cause?.message ?? message}`;
  }
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

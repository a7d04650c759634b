import { SAFEGUARDS } from "../../components/cluster/safeguards.ts";
import type { Manifest } from "../../components/helm/manifest.ts";
import { isMap, mergeValues, type Values } from "../../components/helm/mergeValues.ts";
import type { Breach, Sides } from "../../components/helm/promises/promise.ts";
import { brokenPromises, notesOn } from "../../components/helm/promises/stackPromises.ts";
import { overLokiValues } from "../../components/loki/values.ts";
import { monitoringArgs, scrapingNamespaces } from "../../components/monitoring/args.ts";
import { LOKI_RELEASE } from "../../components/releaseNames.ts";
import { loggingPool } from "../changes/comparedStack.ts";
import { type ChartLogin, helmTemplate, type ReleaseInputs } from "../plan/helmTemplate.ts";
import type { PlannedResource } from "../plan/offlinePlan.ts";
import { componentInputs } from "./hatches.ts";
import { configProblems } from "./programChecks.ts";

/** Renders variants of a stack's releases, and judges them against the stack's own. */
export class JudgedStack {
  readonly #own: readonly ReleaseInputs[];
  readonly #ownObjects: readonly (readonly Manifest[])[];
  readonly #facts: Omit<Sides, "own" | "given">;
  readonly #ca: string | undefined;
  readonly #givenUp: readonly unknown[];
  readonly #login: ChartLogin | undefined;

  constructor(
    resources: readonly PlannedResource[],
    own: readonly ReleaseInputs[],
    ownObjects: readonly (readonly Manifest[])[],
    login: ChartLogin | undefined,
  ) {
    this.#own = own;
    this.#ownObjects = ownObjects;
    this.#login = login;
    const { cluster, images, monitoring, network, promisesGivenUp } = componentInputs(resources);
    const safeguards = SAFEGUARDS.find((level) => isMap(cluster) && cluster.safeguards === level) ?? "none";
    const pool = loggingPool(resources);
    const registry = isMap(images) ? images.registry : undefined;
    const namespaces = isMap(network) ? network.monitoringNamespaces : undefined;
    const beside = resources
      .filter(({ type }) => type === "kubernetes:apps/v1:Deployment")
      .map(({ inputs }) => ({ apiVersion: "apps/v1", kind: "Deployment", ...inputs }) as Manifest);
    const scrapers = { monitoringNamespaces: Array.isArray(namespaces) ? namespaces : [] };
    this.#facts = {
      ...(typeof registry === "string" && { registry }),
      ...(pool && { pool }),
      beside,
      safeguards,
      monitoringNamespaces: scrapingNamespaces(monitoringArgs.safeParse(monitoring).data ?? { kind: "none" }, scrapers),
    };
    this.#givenUp = Array.isArray(promisesGivenUp) ? promisesGivenUp : [];
    this.#ca = caOf(resources);
  }

  /**
   * The releases with other values: promises that they break, and what deserves a warning.
   *
   * @param programs Lets Loki and Alloy check their configs too.
   */
  async judge(
    releases: readonly ReleaseInputs[],
    programs: boolean,
  ): Promise<{ objects: readonly (readonly Manifest[])[]; breaches: Breach[]; notes: Breach[] }> {
    const refused: Breach[] = [];
    const objects = await Promise.all(
      releases.map((release, i) =>
        release === this.#own[i]
          ? (this.#ownObjects[i] ?? [])
          : helmTemplate(release, this.#login).catch((error: Error) => {
              refused.push(refusedBy(release, error));
              return [];
            }),
      ),
    );
    if (refused.length > 0) return { objects, breaches: refused, notes: [] };
    const sides: Sides = { ...this.#facts, own: this.#ownObjects.flat(), given: objects.flat() };
    const breaches = [...brokenPromises(sides), ...(programs ? await configProblems(sides.given, this.#ca) : [])];
    return {
      objects,
      breaches: breaches.filter(({ promise }) => !this.#givenUp.includes(promise)),
      notes: notesOn(sides),
    };
  }

  /** The stack's releases with a part of one hatch. */
  with(name: string, part: Values): ReleaseInputs[] {
    return this.#own.map((release) =>
      release.name === name
        ? { ...release, values: (name === LOKI_RELEASE ? overLokiValues : mergeValues)(release.values, part) }
        : release,
    );
  }
}

const refusedBy = ({ name }: ReleaseInputs, { message }: Error): Breach => ({
  promise: "validConfig",
  object: `the chart ${name}`,
  text: message.replace(/\/\S*\/logging-values-\w+/g, "").slice(0, 500),
  fix: "remove it, or give the value that the chart asks for",
});

/** MinIO's CA, from the ConfigMap that the stack makes of it. */
function caOf(resources: readonly PlannedResource[]): string | undefined {
  const [ca] = resources.flatMap(({ type, inputs: { data } }) =>
    type === "kubernetes:core/v1:ConfigMap" && isMap(data) ? [data["ca.crt"]] : [],
  );
  return typeof ca === "string" ? ca : undefined;
}

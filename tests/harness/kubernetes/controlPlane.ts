import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CertificateAuthority, writeServiceAccountKeys } from "../certificates.ts";
import { start, until } from "../processes.ts";
import type { Programs } from "../pulumi/findPrograms.ts";
import { startApiServer } from "./apiServer.ts";
import { CILIUM_POLICY, createCustomKind } from "./customKinds.ts";
import { type Kubeconfigs, writeKubeconfigs } from "./kubeconfigs.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";
import { KubernetesApi } from "./kubernetesApi.ts";
import { createNodes } from "./simulatedNodes.ts";

/** The control plane of one cluster. */
export interface ControlPlane extends Kubeconfigs {
  readonly name: string;
  readonly api: KubernetesApi;
  /** Serves the logs of containers on the simulated nodes. */
  readonly kubelet: Kubelet;
}

/** A cluster while it is started. */
interface Starting {
  readonly name: string;
  readonly folder: string;
  readonly program: Programs["program"];
  readonly ca: CertificateAuthority;
  readonly serviceAccounts: ReturnType<typeof writeServiceAccountKeys>;
}

/**
 * Starts API server, controller manager, scheduler and KWOK with nodes like those of AKS, on loopback.
 *
 * @param parent folder of the run.
 * @param etcd URL of etcd.
 * @param loggingNodes number of nodes in the logging pool.
 */
export async function startControlPlane(
  { program }: Programs,
  parent: string,
  name: string,
  etcd: string,
  loggingNodes: number,
): Promise<ControlPlane> {
  const folder = join(parent, name);
  mkdirSync(folder);
  const ca = new CertificateAuthority(program.openssl, folder, "kubernetes-ca");
  const starting: Starting = { name, folder, program, ca, serviceAccounts: writeServiceAccountKeys(folder) };
  const serving = ca.issue("kube-apiserver");
  const kubelet = await startKubelet(serving);
  const token = randomBytes(24).toString("hex");
  const server = await startApiServer({
    ...starting,
    ...{ name: `${name}-kube-apiserver`, program: program["kube-apiserver"], etcd, prefix: name },
    ...{ serving, ca: ca.certificate, token },
    // kwok-stages.yaml gives simulated nodes this kind of address, at which kubelet.ts answers. Their others lead nowhere.
    more: ["--kubelet-preferred-address-types=InternalDNS"],
  });
  const api = new KubernetesApi(server, ca.pem, token);
  await until(`API server of ${name}`, async () => (await api.call("GET", "/readyz")) === "ok");
  const kubeconfigs = writeKubeconfigs(parent, folder, { name, server, ca: ca.pem, token });
  await createCustomKind(api, CILIUM_POLICY);
  startControllers(starting, kubeconfigs.adminKubeconfig);
  await createNodes(api, name, loggingNodes, kubelet.port);
  startKwok(starting, kubeconfigs.adminKubeconfig);
  await until(`nodes of ${name}`, () => nodesAreReady(api));
  return { name, api, kubelet, ...kubeconfigs };
}

function startControllers({ name, folder, program, ca, serviceAccounts }: Starting, kubeconfig: string): void {
  const common = [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--secure-port=0"];
  start(
    `${name}-kube-controller-manager`,
    program["kube-controller-manager"],
    [
      ...common,
      `--service-account-private-key-file=${serviceAccounts.privateKey}`,
      `--root-ca-file=${ca.certificate}`,
      "--use-service-account-credentials",
    ],
    { folder },
  );
  start(`${name}-kube-scheduler`, program["kube-scheduler"], common, { folder });
}

function startKwok({ name, folder, program }: Starting, kubeconfig: string): void {
  start(
    `${name}-kwok`,
    program.kwok,
    [
      `--kubeconfig=${kubeconfig}`,
      "--manage-all-nodes=true",
      `--config=${join(import.meta.dirname, "kwok-stages.yaml")}`,
      "--cidr=10.0.0.1/16",
      "--node-ip=10.0.0.1",
      "--server-address=",
    ],
    { folder },
  );
}

async function nodesAreReady(api: KubernetesApi): Promise<boolean> {
  const nodes = await api.list("/api/v1/nodes");
  const ready = (node: (typeof nodes)[number]) =>
    node.status.conditions?.some((c: { type: string; status: string }) => c.type === "Ready" && c.status === "True");
  return nodes.every(ready) && nodes.every((n) => !/not-ready/.test(JSON.stringify(n.spec.taints ?? [])));
}

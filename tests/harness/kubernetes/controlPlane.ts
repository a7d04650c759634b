import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CertificateAuthority, writeServiceAccountKeys } from "../certificates.ts";
import { freePort, start, until } from "../processes.ts";
import type { Programs } from "../pulumi/findPrograms.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";
import { KubernetesApi } from "./kubernetesApi.ts";
import { createNodes } from "./simulatedNodes.ts";

/** The control plane of one cluster. */
export interface ControlPlane {
  readonly name: string;
  readonly api: KubernetesApi;
  /** What AKS would hand out: an exec entry for kubelogin, with the login that waits for a person. */
  readonly kubeconfig: string;
  /** A kubeconfig that needs no login, for programs beside Pulumi. */
  readonly adminKubeconfig: string;
  /** What the simulated nodes say of their containers' logs. */
  readonly kubelet: Kubelet;
}

/** One etcd for all clusters, each with its own prefix. */
export async function startEtcd({ program }: Programs, folder: string): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  start(
    "etcd",
    program.etcd,
    [
      `--data-dir=${join(folder, "etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      "--unsafe-no-fsync",
    ],
    { folder },
  );
  await until("etcd", async () => (await fetch(`${url}/health`)).ok);
  return url;
}

/** API server, controller manager, scheduler and KWOK with AKS-shaped nodes, on loopback. */
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
  const serving = ca.issue("kube-apiserver");
  const serviceAccounts = writeServiceAccountKeys(folder);
  const token = randomBytes(24).toString("hex");
  const tokens = join(folder, "tokens.csv");
  writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const kubelet = await startKubelet(serving);
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;

  start(
    `${name}-kube-apiserver`,
    program["kube-apiserver"],
    [
      `--etcd-servers=${etcd}`,
      `--etcd-prefix=/${name}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${port}`,
      `--tls-cert-file=${serving.certificate}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${ca.certificate}`,
      `--token-auth-file=${tokens}`,
      `--service-account-key-file=${serviceAccounts.publicKey}`,
      `--service-account-signing-key-file=${serviceAccounts.privateKey}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--authorization-mode=RBAC",
      "--allow-privileged=true",
      "--endpoint-reconciler-type=none",
      // The other addresses of simulated nodes lead nowhere; kwok-stages.yaml gives them this one, where kubelet.ts answers.
      "--kubelet-preferred-address-types=InternalDNS",
    ],
    { folder },
  );
  const api = new KubernetesApi(server, ca.pem, token);
  await until(`API server of ${name}`, async () => (await api.call("GET", "/readyz")) === "ok");

  const clusters = [
    { name, cluster: { server, "certificate-authority-data": Buffer.from(ca.pem).toString("base64") } },
  ];
  const kubeconfig = (user: object) =>
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters,
      users: [{ name: "user", user }],
      contexts: [{ name, context: { cluster: name, user: "user" } }],
      "current-context": name,
    });
  const adminKubeconfig = join(folder, "admin.kubeconfig");
  writeFileSync(adminKubeconfig, kubeconfig({ token }), { mode: 0o600 });
  writeFileSync(join(parent, `${name}.kubeconfig`), kubeconfig({ exec: kubeloginAsAksWritesIt(name) }));
  // The stand-in of kubelogin finds it here; the real one would ask Entra ID.
  writeFileSync(join(parent, `${name}.token`), token, { mode: 0o600 });

  const common = [`--kubeconfig=${adminKubeconfig}`, "--leader-elect=false", "--secure-port=0"];
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
  await createNodes(api, name, loggingNodes, kubelet.port);
  start(
    `${name}-kwok`,
    program.kwok,
    [
      `--kubeconfig=${adminKubeconfig}`,
      "--manage-all-nodes=true",
      `--config=${join(import.meta.dirname, "kwok-stages.yaml")}`,
      "--cidr=10.0.0.1/16",
      "--node-ip=10.0.0.1",
      "--server-address=",
    ],
    { folder },
  );
  await until(`nodes of ${name}`, async () => {
    const nodes = await api.list("/api/v1/nodes");
    const ready = (node: (typeof nodes)[number]) =>
      node.status.conditions?.some((c: { type: string; status: string }) => c.type === "Ready" && c.status === "True");
    return nodes.every(ready) && nodes.every((n) => !/not-ready/.test(JSON.stringify(n.spec.taints ?? [])));
  });
  return { name, api, kubeconfig: join(parent, `${name}.kubeconfig`), adminKubeconfig, kubelet };
}

/** https://learn.microsoft.com/azure/aks/kubelogin-authentication */
const kubeloginAsAksWritesIt = (cluster: string) => ({
  apiVersion: "client.authentication.k8s.io/v1beta1",
  command: "kubelogin",
  args: [
    "get-token",
    "--environment",
    "AzurePublicCloud",
    "--server-id",
    "6dae42f8-4368-4678-94ff-3960e28e3630",
    "--client-id",
    "80faf920-1908-4b52-b5ef-a8e7bedfc67a",
    "--tenant-id",
    // Tells the stand-in of kubelogin which cluster's token is asked for.
    `${cluster}.example.com`,
    "--login",
    "devicecode",
  ],
  installHint: "kubelogin is not installed",
  provideClusterInfo: false,
});

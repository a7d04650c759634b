import { join } from "node:path";
import { freePort, start, until } from "../processes.ts";

/** Starts one etcd for all clusters; each uses its own prefix. @returns its URL. */
export async function startEtcd({ program }: { program: { readonly etcd: string } }, folder: string): Promise<string> {
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

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { NAME_SERVER } from "./network.ts";

/** A folder or file of a volume, and where the container has it. */
export interface Mount {
  readonly from: string;
  readonly to: string;
  readonly readOnly: boolean;
}

/**
 * Shell lines that make a container's root in their mount namespace: the system's programs read-only, a separate /etc, and the pod's
 * mounts.
 */
export function rootFilesystem(root: string, programs: string, mounts: readonly Mount[]): string[] {
  mkdirSync(root, { recursive: true });
  const at = (path: string): string => quote(join(root, path));
  return [
    `mount -t tmpfs -o mode=755 root ${quote(root)}`,
    `mkdir -p ${["usr", "etc", "var", "run", "proc", "dev", "tmp"].map(at).join(" ")}`,
    `chmod 1777 ${at("tmp")}`,
    `mount -t overlay -o ro,lowerdir=${quote(programs)}:/usr usr ${at("usr")}`,
    // /bin, /lib and so on, which are links into /usr or separate folders.
    `for name in bin sbin lib lib32 lib64 libx32; do
       if [ -L /$name ]; then cp -P /$name ${quote(root)}/; elif [ -d /$name ]; then mkdir ${quote(root)}/$name; mount --rbind /$name ${quote(root)}/$name; fi
     done`,
    `mount --rbind /dev ${at("dev")}`,
    `mount -t proc proc ${at("proc")}`,
    // Debian's awk is a link through here.
    `cp -a /etc/alternatives ${at("etc")}/`,
    `cp -L /etc/ld.so.cache /etc/passwd /etc/group ${at("etc")}/`,
    `printf '%s\\n' 'nameserver ${NAME_SERVER}' 'search logging.svc.cluster.local svc.cluster.local cluster.local' 'options ndots:5' > ${at("etc/resolv.conf")}`,
    `printf '%s\\n' '127.0.0.1 localhost' > ${at("etc/hosts")}`,
    ...mounts.flatMap(({ from, to, readOnly }) => [
      `if [ -d ${quote(from)} ]; then mkdir -p ${at(to)}; else mkdir -p ${at(dirname(to))}; touch ${at(to)}; fi`,
      `mount --bind ${quote(from)} ${at(to)}`,
      ...(readOnly ? [`mount -o remount,bind,ro ${at(to)}`] : []),
    ]),
  ];
}

/** Quotes a text for a shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

import { copyFileSync, existsSync, linkSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Loose } from "../manifest.ts";
import type { Program } from "../programs.ts";

/** What replaces an image on this machine: a program, and its path in the image. */
export interface Image {
  readonly program: Program;
  readonly path: string;
  /** Arguments of the image, for a container that names neither command nor arguments. */
  readonly args?: readonly string[];
  /** Whether Alloy finds what the container prints among the node's files. Else it is only in the log of the run. */
  readonly collected?: boolean;
}

/** Images by the end of their repository. A container with any other image is not run: those are exporters of metrics. */
const IMAGES: Readonly<Record<string, Image>> = {
  "grafana/loki": { program: "loki", path: "/usr/bin/loki" },
  "grafana/loki-canary": { program: "loki-canary", path: "/usr/bin/loki-canary", collected: true },
  "grafana/alloy": { program: "alloy", path: "/bin/alloy" },
  "nginxinc/nginx-unprivileged": { program: "nginx", path: "/usr/sbin/nginx", args: ["-g", "daemon off;"] },
  "library/memcached": { program: "memcached", path: "/usr/bin/memcached" },
};

export const imageOf = (container: Loose): Image | undefined => {
  const repository = String(container.image).replace(/:[^:/]*$/, "");
  return Object.entries(IMAGES).find(([end]) => repository.endsWith(end))?.[1];
};

/**
 * A folder that holds the program where its image has it, to be laid over the system's /usr.
 *
 * @param folder folder of the run.
 * @param program path of the program on this machine.
 */
export function programFolder(folder: string, image: Image, program: string): string {
  const root = join(folder, "programs", image.program);
  const file = join(root, image.path.replace(/^\/usr/, ""));
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    try {
      linkSync(program, file);
    } catch {
      // On another file system.
      copyFileSync(program, file);
    }
  }
  return root;
}

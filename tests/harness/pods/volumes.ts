import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Loose } from "../manifest.ts";
import type { Mount } from "./rootFilesystem.ts";

/** Objects that pods mount, by name. */
export interface Mountable {
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Where the volumes of a pod come from. */
export interface VolumeSources {
  /** The pod's name, for errors. */
  readonly pod: string;
  /** Folder of the pod. Its disks are in `disks/`. */
  readonly folder: string;
  /** Folder that holds the node's own files. */
  readonly node: string;
  /** Folder for the contents of ConfigMaps and Secrets, a new one for each start. */
  readonly files: string;
  readonly objects: Mountable;
}

/** Folder of a PersistentVolumeClaim. */
export const diskOf = (podFolder: string, volume: string): string => join(podFolder, "disks", volume);

/** The Secret that a pod names. @throws when the run has none. */
export function secretOf(pod: string, { secrets }: Mountable, name: string): Readonly<Record<string, string>> {
  const found = secrets[name];
  if (!found) throw new Error(`${pod}: no Secret ${name}`);
  return found;
}

/** Makes the folders and files that a container mounts. @returns them, outer ones first. */
export function makeMounts(spec: Loose, container: Loose, sources: VolumeSources): Mount[] {
  const volumes: Loose[] = spec.volumes ?? [];
  return (container.volumeMounts ?? [])
    .map(({ name, mountPath, subPath, readOnly }: Loose) => {
      // A mount without a volume is a claim of the StatefulSet.
      const from = makeVolume(name, volumes.find((volume) => volume.name === name) ?? {}, spec, sources);
      return { from: subPath ? join(from, subPath) : from, to: mountPath, readOnly: readOnly === true };
    })
    .sort((a: Mount, b: Mount) => a.to.length - b.to.length);
}

function makeVolume(name: string, volume: Loose, spec: Loose, sources: VolumeSources): string {
  const { pod, folder, node, files, objects } = sources;
  if (volume.configMap) {
    const content = objects.configMaps[volume.configMap.name];
    if (!content) throw new Error(`${pod}: no ConfigMap ${volume.configMap.name}`);
    return writeFiles(join(files, name), content);
  }
  if (volume.secret) return writeFiles(join(files, name), secretOf(pod, objects, volume.secret.secretName));
  if (volume.hostPath) return makeFolder(join(node, volume.hostPath.path));
  const owned = makeFolder(volume.emptyDir ? join(folder, "empty", name) : diskOf(folder, name));
  const { fsGroup, runAsUser = 0 } = spec.securityContext ?? {};
  if (fsGroup !== undefined) chownSync(owned, runAsUser, fsGroup);
  return owned;
}

function writeFiles(folder: string, content: Readonly<Record<string, string>>): string {
  makeFolder(folder);
  for (const [key, text] of Object.entries(content)) writeFileSync(join(folder, key), text);
  return folder;
}

const makeFolder = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  return folder;
};

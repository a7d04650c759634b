import type { VmCapacity } from "./capacity.ts";

interface VmSize extends VmCapacity {
  /** The local disk, for an ephemeral OS disk, GiB. 0 if there is none. */
  readonly localDiskGiB: number;
}

/** Data disks by vCPUs, the same in the D and E series. https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dsv5-series */
const DATA_DISKS = { 2: 4, 4: 8, 8: 16, 16: 32, 32: 32 };

/** Memory per vCPU, by series. */
const MEMORY_GIB = { D: 4, E: 8 };

/** Local disk per vCPU, in the sizes with a `d` in their name: a temporary disk in v5, NVMe in v6. */
const LOCAL_DISK_GIB = { v5: 37.5, v6: 55 };

/** The sizes that a logging pool usually has. Any other size is described with `nodePool.vmCapacity`. */
export const AZURE_VM_SIZES: ReadonlyMap<string, VmSize> = new Map(
  Object.entries(LOCAL_DISK_GIB).flatMap(([version, localDisk]) =>
    Object.entries(MEMORY_GIB).flatMap(([series, memory]) =>
      ["s", "ds", "as", "ads"].flatMap((features) =>
        Object.entries(DATA_DISKS).map(([vcpus, dataDisks]): [string, VmSize] => {
          const cpu = Number(vcpus);
          const localDiskGiB = features.includes("d") ? cpu * localDisk : 0;
          return [
            `Standard_${series}${cpu}${features}_${version}`,
            { cpu, memoryGiB: cpu * memory, dataDisks, localDiskGiB },
          ];
        }),
      ),
    ),
  ),
);

import type { VmCapacityArgs } from "./loggingStackArgs.ts";

const series = (
  name: (vcpus: number) => string,
  memoryPerVcpuGiB: number,
  dataDisks: Readonly<Record<number, number>>,
): Array<[string, VmCapacityArgs]> =>
  Object.entries(dataDisks).map(([cpu, disks]) => [
    name(Number(cpu)),
    { cpu: Number(cpu), memoryGiB: Number(cpu) * memoryPerVcpuGiB, dataDisks: disks },
  ]);

/** Data disks by vCPUs, the same in the D and E series. https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/dsv5-series */
const DISKS = { 2: 4, 4: 8, 8: 16, 16: 32, 32: 32 };

/** The sizes that a logging pool is usually made of. Others are described with `nodePool.vmCapacity`. */
export const AZURE_VM_SIZES: ReadonlyMap<string, VmCapacityArgs> = new Map(
  ["v5", "v6"].flatMap((version) => [
    ...["s", "ds", "as", "ads"].flatMap((features) => [
      ...series((vcpus) => `Standard_D${vcpus}${features}_${version}`, 4, DISKS),
      ...series((vcpus) => `Standard_E${vcpus}${features}_${version}`, 8, DISKS),
    ]),
  ]),
);

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A file of a process. Empty if the process has ended. */
const ofProcess = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

/** Child processes. Each thread lists those that it started. */
export const childrenOf = (pid: number): number[] =>
  (existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : []).flatMap((thread) =>
    ofProcess(pid, `task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );

/** CPU time of a process and of the children that it has waited for. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export const cpuSeconds = (pid: number): number => {
  const [utime = 0, stime = 0, ofChildren = 0, ofChildrenInKernel = 0] = ofProcess(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(11, 15)
    .map(Number);
  // Linux counts a hundred ticks per second on all of Node's platforms.
  return (utime + stime + ofChildren + ofChildrenInKernel) / 100;
};

/** The largest resident memory of a process so far, MiB. */
export const peakMiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(ofProcess(pid, "status"))?.[1] ?? 0) / 1024;

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Empty, too, for a process that has ended. */
const ofProcess = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

/** Processes that it has started, of all threads: any of them may have started one. */
export const childrenOf = (pid: number): number[] =>
  (existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : []).flatMap((thread) =>
    ofProcess(pid, `task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );

/** Processor time, its own and that of children it has waited for; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export const cpuSeconds = (pid: number): number => {
  const [utime = 0, stime = 0, ofChildren = 0, ofChildrenInKernel = 0] = ofProcess(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(11, 15)
    .map(Number);
  // A hundred ticks a second, on every Linux that Node runs on.
  return (utime + stime + ofChildren + ofChildrenInKernel) / 100;
};

/** The most that it held at a time, MiB. */
export const peakMiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(ofProcess(pid, "status"))?.[1] ?? 0) / 1024;

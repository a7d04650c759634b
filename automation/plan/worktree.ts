import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A git ref checked out beside the working copy. */
export interface Worktree {
  readonly folder: string;
  /** The commit that the ref stands for. */
  readonly commit: string;
  remove(): void;
}

/**
 * Checks a ref out into a temporary folder, with this project's node_modules. Where base and working copy need other packages, it is
 * this project's that both are run with.
 *
 * @throws when git does not know the ref, as in a shallow clone.
 */
export function checkOut(ref: string): Worktree {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  let commit: string;
  try {
    commit = git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  } catch {
    throw new Error(
      `${ref}: git knows no such commit. fix: git fetch origin ${ref.replace(/^origin\//, "")}; in a pipeline, check out with the whole history (fetch-depth: 0)`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "logging-base-"));
  const checkout = join(folder, "project");
  const remove = () => {
    try {
      git("worktree", "remove", "--force", checkout);
    } catch {}
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    git("worktree", "add", "--detach", "--quiet", checkout, commit);
    // Below a repository's folder, the project may be a folder of its own.
    const project = join(checkout, git("rev-parse", "--show-prefix"));
    const packages = join(project, "node_modules");
    if (existsSync("node_modules") && !existsSync(packages)) symlinkSync(resolve("node_modules"), packages);
    return { folder: project, commit, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

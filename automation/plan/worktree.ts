import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ProgramError, runProgram } from "../subprocess.ts";

/** A git ref checked out beside the working copy. */
export interface Worktree {
  readonly folder: string;
  /** The commit that the ref names. */
  readonly commit: string;
  remove(): Promise<void>;
}

const git = async (...args: string[]): Promise<string> => (await runProgram("git", args)).trim();

/**
 * Checks a ref out into a temporary folder. Both the base and the working copy then run with the packages of the working copy, even
 * where the base has others.
 *
 * @throws when git does not know the ref, as in a shallow clone.
 */
export async function checkOut(ref: string): Promise<Worktree> {
  const commit = await git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`).catch((error: ProgramError) => {
    if (error.reason === "missing") throw error;
    const branch = ref.replace(/^origin\//, "");
    throw new Error(
      `${ref}: git knows no such commit. fix: git fetch origin ${branch}; in a pipeline, check out with the whole history (fetch-depth: 0)`,
    );
  });
  const folder = mkdtempSync(join(tmpdir(), "logging-base-"));
  const checkout = join(folder, "project");
  const remove = async () => {
    // It may not have been added yet.
    await git("worktree", "remove", "--force", checkout).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await git("worktree", "add", "--detach", "--quiet", checkout, commit);
    // The project may be a subfolder of the repository.
    const project = join(checkout, await git("rev-parse", "--show-prefix"));
    const packages = join(project, "node_modules");
    if (existsSync("node_modules") && !existsSync(packages)) symlinkSync(resolve("node_modules"), packages);
    return { folder: project, commit, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Exit codes of an interrupted command, as a shell counts them: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that SIGINT and SIGTERM interrupt with grace. A second signal ends the process at once.
 *
 * @param work Cleans up and returns when its signal is aborted.
 * @returns the exit code of the work, or that of the interruption.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interruption = new AbortController();
  let code: number | undefined;
  const handlers = Object.entries(EXIT_CODES).map(([name, exitCode]) => {
    const handler = () => {
      code ??= exitCode;
      interruption.abort(new Error(`interrupted by ${name}`));
    };
    process.once(name, handler);
    return [name, handler] as const;
  });
  try {
    const result = await work(interruption.signal);
    return code ?? result;
  } catch (error) {
    if (code === undefined) throw error;
    return code;
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}

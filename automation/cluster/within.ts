/** Waits for work until the signal, even if the work ignores the signal: a login that asks for input, a silent socket. */
export function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", end));
}

/** The Kubernetes API's own message of an error, on one line. */
export function apiMessage(error: unknown): string {
  const { body, message, cause } = error as { body?: unknown; message?: string; cause?: { message?: string } };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  try {
    const status = JSON.parse(text) as { message?: string };
    if (status.message) return status.message;
  } catch {}
  return [message, cause?.message].filter(Boolean).join(": ").split("\n")[0] ?? String(error);
}

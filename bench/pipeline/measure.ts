import { runningStack } from "../../tests/harness/runningStack/runningStack.ts";
import type { Figures } from "./figures.ts";
import { measureIngest } from "./ingest.ts";
import type { LogInput } from "./logInput.ts";
import { measureQueries } from "./queryTimes.ts";
import { measureStorage } from "./storage.ts";
import type { Variant } from "./variants.ts";

/** Starts a variant, feeds it the input, and measures it. @param seconds how long feeding takes. */
export async function measure(
  variant: Variant,
  input: LogInput,
  { nodes, seconds }: { nodes: number; seconds: number },
): Promise<Figures> {
  const log = (text: string): void => console.log(`${variant.name}: ${text}`);
  log("starting");
  const running = await runningStack({ nodes, render: variant.render });
  const ingest = await measureIngest(input, running, seconds, log);
  const storage = await measureStorage(running, log);
  const queries = await measureQueries(variant, input, running, log);
  return { name: variant.name, ...ingest, ...storage, ...queries };
}

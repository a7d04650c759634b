import { runningStack } from "../../tests/harness/runningStack/runningStack.ts";
import type { Figures } from "./figures.ts";
import { measureIngest } from "./ingest.ts";
import type { LogInput } from "./logInput.ts";
import { measureQueries } from "./queryTimes.ts";
import { measureReaders } from "./readers.ts";
import { measureStorage } from "./storage.ts";
import { type Variant, withReaders } from "./variants.ts";

/** Starts a variant, feeds it the input, and measures it. @param seconds how long feeding takes. */
export async function measure(
  variant: Variant,
  input: LogInput,
  { nodes, seconds, readers }: { nodes: number; seconds: number; readers: readonly string[] },
): Promise<Figures> {
  const log = (text: string): void => console.log(`${variant.name}: ${text}`);
  log("starting");
  const running = await runningStack({ nodes, render: variant.render });
  const ingest = await measureIngest(input, running, seconds, log);
  const storage = await measureStorage(running, log);
  const queries = await measureQueries(variant, input, running, log);
  const configs = readers.length > 0 ? [variant, ...readers.map((argument) => withReaders(variant, argument))] : [];
  return {
    ...{ name: variant.name, ...ingest, ...storage, ...queries },
    readers: await measureReaders(configs, input, running, log),
  };
}

// The second container of Alloy's pods, which reads the node's journal.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { JOURNAL_CONTAINER, JOURNAL_PORT } from "../../components/alloy/journal/container.ts";
import { NodeJournal } from "../../tests/harness/runningStack/nodeJournal.ts";
import { stackVariant } from "../pipeline/variants.ts";
import { type CollectorStart, JOURNAL, startOf } from "./collector.ts";
import { bytesOf, textsOf } from "./texts.ts";

const UNITS = ["kubelet.service", "containerd.service"] as const;

/** How many entries are written at once. The sink answers between them. */
const AT_ONCE = 2000;

/** Its entries have the texts of all lines. */
export async function journalCollector(): Promise<CollectorStart> {
  const variant = stackVariant("journal", { args: { journal: { units: UNITS } } });
  const { manifests } = await variant.render(resolve(import.meta.dirname, "../../certs/minio-internal-company-ca.pem"));
  return {
    ...startOf("journal", manifests, JOURNAL_CONTAINER),
    port: JOURNAL_PORT,
    source: (input) => {
      const texts = textsOf(input);
      let journal: NodeJournal;
      return {
        ...{ lines: texts.length, bytes: bytesOf(texts) },
        empty: async () => {
          rmSync(join(JOURNAL, NodeJournal.ID), { recursive: true, force: true });
          journal = new NodeJournal(JOURNAL);
          journal.append("ssh.service", ["an entry of another unit, so that there is a file"]);
        },
        feed: async () => {
          for (let i = 0; i < texts.length; i += AT_ONCE) {
            journal.append(UNITS[(i / AT_ONCE) % 2] ?? "", texts.slice(i, i + AT_ONCE));
            await sleep(1);
          }
        },
      };
    },
  };
}

import { textFile } from "../../textFile.ts";
import { type Group, type MaskRule, maskGroups } from "../mask.ts";

/** The pipeline without masks, in Alloy's own syntax. */
const JOURNAL_PIPELINE = new URL("journal.alloy", import.meta.url);

const EXPORTER = "logs = [otelcol.exporter.otlphttp.gateway.input]";

/** The pipeline, with the masks that count for every namespace: an entry has none. Without a mask it is journal.alloy, to the byte. */
export function journalPipeline(mask: readonly MaskRule[]): string {
  const text = textFile(JOURNAL_PIPELINE);
  const groups = maskGroups(mask);
  if (groups.length === 0) return text;
  return `${text.replace(EXPORTER, "logs = [otelcol.processor.transform.mask.input]")}
otelcol.processor.transform "mask" {
	error_mode = "silent"
${groups.map(block).join("")}
	output {
		${EXPORTER}
	}
}
`;
}

const block = ({ context, conditions, statements }: Group): string => `
	log_statements {
		context    = ${JSON.stringify(context)}
${conditions ? `		conditions = ${list(conditions)}\n` : ""}		statements = ${list(statements)}
	}
`;

/** Alloy reads no variables in its config, so a dollar is one dollar. */
const list = (texts: readonly string[]): string =>
  `[\n${texts.map((text) => `\t\t\t${JSON.stringify(text.replaceAll("$$", "$"))},\n`).join("")}\t\t]`;

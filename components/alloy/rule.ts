/** What a rule of the arguments adds to the pipeline. */
export interface Rule {
  /** What it does, for people: the pipeline has it as a comment, and the change report finds it there. */
  readonly words: string;
  /** Processors by name, in their order after the pipeline's own. */
  readonly processors: Readonly<Record<string, object>>;
}

const MARK = "# Rule: ";

/** The comment of a rule. The collector replaces variables in comments too. */
export const ruleComment = ({ words }: Rule): string =>
  `${MARK}${words.replaceAll(/\s+/g, " ").replaceAll("$", "$$$$")}`;

/** The rules in a pipeline, in words. */
export const rulesIn = (pipeline: string): string[] =>
  pipeline
    .split("\n")
    .map((line) => line.trimStart())
    .flatMap((line) => (line.startsWith(MARK) ? line.slice(MARK.length).replaceAll("$$", "$") : []));

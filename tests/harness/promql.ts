// What a PromQL expression reads, by the grammar of Prometheus's own editor.
import { parser } from "@prometheus-io/lezer-promql";

/** A condition on a label: `reason!~"a|b"`. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** One metric with its conditions. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** What an expression reads. */
export interface ParsedExpression {
  readonly selectors: readonly Selector[];
  /** Labels that it groups or joins by. */
  readonly groupedBy: readonly string[];
}

type Node = ReturnType<typeof parser.parse>["topNode"];

/** Parses an expression. @throws for one that is not PromQL. */
export function parseExpression(expression: string): ParsedExpression {
  const text = (node: Node | null): string => (node ? expression.slice(node.from, node.to) : "");
  const selectors: Selector[] = [];
  const groupedBy: string[] = [];
  const tree = parser.parse(expression);
  tree.iterate({
    enter({ from, type }) {
      if (type.isError) throw new Error(`not PromQL at character ${from}: ${expression}`);
    },
  });
  tree.iterate({
    enter({ node, type }) {
      if (type.name === "VectorSelector") {
        const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
        selectors.push({
          metric: text(node.getChild("Identifier")),
          matchers: matchers.map((matcher) => ({
            label: text(matcher.getChild("LabelName")),
            operator: text(matcher.getChild("MatchOp")),
            value: JSON.parse(text(matcher.getChild("StringLiteral"))) as string,
          })),
        });
      }
      if (type.name === "GroupingLabels") groupedBy.push(...node.getChildren("LabelName").map(text));
    },
  });
  return { selectors, groupedBy };
}

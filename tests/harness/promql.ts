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

function treeOf(expression: string): ReturnType<typeof parser.parse> {
  const tree = parser.parse(expression);
  tree.iterate({
    enter({ from, type }) {
      if (type.isError) throw new Error(`not PromQL at character ${from}: ${expression}`);
    },
  });
  return tree;
}

/** Parses an expression. @throws for one that is not PromQL. */
export function parseExpression(expression: string): ParsedExpression {
  const text = (node: Node | null): string => (node ? expression.slice(node.from, node.to) : "");
  const selectors: Selector[] = [];
  const groupedBy: string[] = [];
  const tree = treeOf(expression);
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

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;

/** A duration divided by a factor, in milliseconds: `15m` by 10 is `90000ms`. */
export const shorter = (duration: string, factor: number): string => {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0);
  return `${Math.round(ms / factor)}ms`;
};

/** An expression whose every range, step and offset is divided by a factor. Numbers stay. @throws for one that is not PromQL. */
export function withShorterDurations(expression: string, factor: number): string {
  const found: Array<{ from: number; to: number }> = [];
  treeOf(expression).iterate({
    enter({ from, to, type }) {
      if (type.name === "NumberDurationLiteralInDurationContext") found.push({ from, to });
    },
  });
  return found
    .reverse()
    .reduce(
      (text, { from, to }) => text.slice(0, from) + shorter(text.slice(from, to), factor) + text.slice(to),
      expression,
    );
}

// What npm run local shows of the rules that teams have: a stack trace as one entry, and a masked card.
import type { Loose } from "../harness/manifest.ts";
import { Application } from "../harness/runningStack/applications.ts";
import { Ledger } from "../harness/runningStack/ledger.ts";
import { STACK_TRACES } from "../harness/stackTraces.ts";

const NAMESPACE = "shop-java";

/** Rules of which the examples show the result. */
export function withRules(config: Loose): void {
  config.alloy = {
    ...config.alloy,
    multiline: [{ namespaces: [NAMESPACE], kind: "java" }],
    mask: [{ kind: "card", namespaces: ["shop-*"] }],
  };
}

/** Starts an application that writes a stack trace and the number of a card now and then. @returns stops it. */
export function logWhatRulesAreFor(podLogs: string): () => void {
  const application = new Application(podLogs, NAMESPACE, "orders-6d4b75cb6d-x7k2z", new Ledger("shop"));
  const write = (): void => {
    application.beginEntry((id) => STACK_TRACES.java(`id=${id} level=error msg="order failed"`))();
    application.writeWithId((id) => `id=${id} level=info msg="paid with 4111 1111 1111 1111"`);
  };
  write();
  const timer = setInterval(write, 10_000);
  return () => {
    clearInterval(timer);
    application.end();
  };
}

/** Queries that find it. */
export const RULE_EXAMPLES = [
  ["a stack trace as one entry", `{namespace="${NAMESPACE}"} |= "IllegalStateException"`, "query_range"],
  ["a card that Alloy masked", `{namespace="${NAMESPACE}", service_name="orders"} | masked="card"`, "query_range"],
] as const;

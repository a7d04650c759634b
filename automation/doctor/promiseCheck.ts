import { PROMISES } from "../../components/helm/promises/promise.ts";
import { type ChartLogin, helmMissing } from "../plan/helmTemplate.ts";
import { promisesOf } from "../promises/stackPromises.ts";
import { type Check, judged, known, skipped } from "./check.ts";

/** The stack's promises, on the objects that its charts render. */
export function promiseCheck(stack: string, login?: ChartLogin): Check {
  const name = "promises";
  if (helmMissing()) return known(name, skipped("without helm, the charts cannot be rendered"));
  return {
    name,
    run: async () => {
      const { broken, warnings } = await promisesOf(stack, { login });
      const unchecked = warnings.find((warning) =>
        warning.startsWith("the promises on rendered objects are not checked"),
      );
      return unchecked ? skipped(unchecked) : judged(broken, `${Object.keys(PROMISES).length} are kept`);
    },
  };
}

// npm run usage -- <stack>: who logs how much, what it takes in MinIO, and whether it fits.
import { AZ_SECONDS, connect } from "../cluster/clusterApi.ts";
import { Gateway } from "../cluster/gateway.ts";
import { within } from "../cluster/within.ts";
import { stackNames } from "../plan/stackFiles.ts";
import { stackSettings } from "../plan/stackSettings.ts";
import { measureUsage } from "../usage/usage.ts";
import { usageText } from "../usage/usageText.ts";
import { defineCommand, numberOf, onlyStack, runAsProcess, timeoutOf } from "./defineCommand.ts";

/** More days take Loki longer than they tell about growth. */
const MOST_DAYS = 90;

const usage =
  () => `usage: npm run usage -- <stack> [--days N] [--price PER_GB] [--json] [--timeout SECONDS] [--config-file FILE]
  --days     how many days back, 1 to ${MOST_DAYS}; default 7
  --price    what one GB in the bucket costs in a month, in any currency
  --timeout  seconds for all of it; default 120
exit codes: 0 measured, 1 not measured
stacks: ${stackNames().join(", ")}`;

const OPTIONS = {
  days: { type: "string", default: "7" },
  price: { type: "string" },
  json: { type: "boolean", default: false },
  timeout: { type: "string", default: "120" },
  "config-file": { type: "string" },
} as const;

export const main = defineCommand(usage, OPTIONS, async ({ values, positionals }) => {
  const stack = onlyStack(positionals);
  const timeoutSeconds = timeoutOf(values.timeout);
  const isDays = (days: number) => Number.isInteger(days) && days >= 1 && days <= MOST_DAYS;
  const days = numberOf("--days", values.days, `a whole number from 1 to ${MOST_DAYS}`, isDays);
  const pricePerGb =
    values.price === undefined
      ? undefined
      : numberOf("--price", values.price, "a number from 0", (price) => price >= 0);
  const { args, access } = await stackSettings(stack, values["config-file"]);
  const late = new AbortController();
  const clock = setTimeout(() => late.abort(new Error(`not within ${timeoutSeconds} seconds`)), timeoutSeconds * 1000);
  try {
    const kube = await connect(access, args.cluster.resourceId, Math.min(timeoutSeconds, AZ_SECONDS));
    const gateway = await within(late.signal, Gateway.open(args, kube, late.signal));
    const options = { days, ...(pricePerGb !== undefined && { pricePerGb }) };
    const measured = await within(late.signal, measureUsage(args, gateway, options));
    console.log(values.json ? JSON.stringify(measured, null, 2) : usageText(measured));
    return 0;
  } finally {
    clearTimeout(clock);
  }
});

if (import.meta.main) runAsProcess(main);

import { z } from "zod";
import { explained, text } from "../argumentTypes.ts";
import { isLabelKey, labelValue } from "../kubernetesNames.ts";

/** A taint of an existing pool. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export const taint = z.strictObject({
  /** Key of the taint. */
  key: text.refine(
    isLabelKey,
    explained({
      text: "a taint key: letters, digits, -, _ and ., 63 at most, with or without a prefix and /",
      fix: "write key and value separately: az aks nodepool show prints them as key=value:effect",
    }),
  ),
  /**
   * Value of the taint.
   * @default ""
   */
  value: labelValue.default(""),
  /** Effect of the taint. */
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});

/** A taint, with every default filled in. */
export type Taint = z.output<typeof taint>;

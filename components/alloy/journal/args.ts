import { z } from "zod";
import { explained, text } from "../../argumentTypes.ts";
import type { ContainerResources } from "../../quantities.ts";

/** Resources of the container that sends the journal. */
export const JOURNAL_RESOURCES: ContainerResources = {
  requests: { cpu: "50m", memory: "128Mi" },
  limits: { memory: "512Mi" },
};

/** Arguments of the nodes' journals. */
export const journalArgs = z.strictObject({
  /**
   * Units whose journal is collected on every node: `kubelet.service`, `containerd.service`, and `kernel` for the kernel's messages. With
   * any, Alloy's pods have a second container, which reserves 50m and 128 MiB on each node (`docs/collecting.md`).
   * @default []
   */
  units: z
    .array(
      text.refine(
        (unit) => unit === "kernel" || /^[\w@:-][\w@:.-]*\.service$/.test(unit),
        explained({
          text: "kernel, or the name of a systemd service with its ending: kubelet.service",
          fix: "write what `systemctl list-units --type service` prints on a node",
        }),
      ),
    )
    .default([]),
});

/** The journal, with every default filled in. */
export type Journal = z.output<typeof journalArgs>;

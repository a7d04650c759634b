import { OLD_BUFFER } from "../../components/alloy/oldBuffer/containers.ts";
import type { RatedFinding } from "./levels.ts";
import type { ObjectChange } from "./objectChanges.ts";

/** What the upgrade from release 0.1 does on each node. It can go in release 0.3, with components/alloy/oldBuffer. */
export function oldBufferMeaning({ kind, name, before, after }: ObjectChange): RatedFinding[] {
  const sends = (object: ObjectChange["after"]): boolean => JSON.stringify(object ?? {}).includes(`"${OLD_BUFFER}"`);
  if (!before || sends(before) || !sends(after)) return [];
  return [
    {
      level: "restarts",
      subject: `${kind} ${name}`,
      text: "each node sends again what its log files and the buffer of release 0.1 hold, which queries show once: docs/upgrading.md",
    },
  ];
}

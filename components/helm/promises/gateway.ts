import { nginxChanges, parseNginx } from "../../gateway/nginxConfig.ts";
import type { Fields, Manifest } from "../manifest.ts";
import { counterpart, titleOf } from "./objects.ts";
import type { Breach, Sides } from "./promise.ts";

const FIX =
  "gateway.nginxConfig.httpSnippet and serverSnippet take sizes, times, logs and headers. For another path, put your proxy in front, with the login in the Secret gatewayLoginSecret";

/** The gateway's nginx asks for the password and serves the same paths, whatever its sizes, times, logs and headers. */
export const gateway = ({ own, given }: Sides): Breach[] =>
  own.flatMap((object) => {
    const [before, now] = [configOf(object), configOf(counterpart(object, given))];
    if (before === undefined || now === undefined) return [];
    const at = { promise: "gateway", object: titleOf(object), fix: FIX } as const;
    try {
      return nginxChanges(parseNginx(before), parseNginx(now)).map(({ op, path, directive }) => ({
        ...at,
        text: `nginx.conf, ${path}: "${directive.slice(0, 80)}" is ${op}`,
      }));
    } catch (error) {
      return [{ ...at, text: `nginx.conf cannot be read: ${(error as Error).message.slice(0, 120)}` }];
    }
  });

const configOf = (object: Manifest | undefined): string | undefined =>
  object?.kind === "ConfigMap" ? (object as Fields).data?.["nginx.conf"] : undefined;

import type { Findings } from "../findings.ts";
import { secretPlaces } from "../secretPlaces.ts";

/**
 * Reports chart values that look like secrets. Values are not encrypted in previews, in the state, in the release and in ConfigMaps. A
 * finding names the key path, and never repeats the value.
 */
export function checkNoSecrets(values: unknown, path: string, findings: Findings): void {
  for (const place of secretPlaces(values, path, "")) {
    findings.problem({
      subject: place,
      text: "no secret: values are not encrypted in previews, in the state and in the cluster",
      fix: "put it into a Kubernetes Secret and name that here (extraEnvFrom, existingSecret, secretKeyRef); make a new one, because this one was stored unencrypted",
    });
  }
}

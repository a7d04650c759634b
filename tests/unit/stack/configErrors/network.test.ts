import { describeMistakes, type Mistake } from "./mistakes.ts";

describeMistakes("the network", [
  ...["azure", "calico", "none"].map(
    (engine): Mistake => ({
      what: `FQDN policies with the engine ${engine}`,
      change: (c) => Object.assign(c.network, { policyEngine: engine, fqdnPolicies: true }),
      path: "network.fqdnPolicies",
      given: true,
      allowed: new RegExp(`policyEngine is ${engine}: only Cilium`),
      fix: /set network\.policyEngine to cilium/,
    }),
  ),
  ...["10.20.0.10", "[fd00::10]", "minio", "minio.minio.svc", "minio.minio.svc.cluster.local"].map(
    (host): Mistake => ({
      what: `FQDN policies for ${host}, which they do not know`,
      change: (c) => {
        c.objectStorage.endpoint = `https://${host}:9000`;
        c.network.fqdnPolicies = true;
      },
      path: "network.fqdnPolicies",
      given: true,
      allowed: /neither addresses nor Services/,
      fix: /list objectStorage\.cidrs/,
    }),
  ),
]);

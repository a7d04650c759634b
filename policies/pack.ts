// pulumi preview --policy-pack policies [--policy-pack-config policies/advisory.json]
import { PolicyPack } from "@pulumi/policy";
import { RULES } from "./rules.ts";

new PolicyPack("logging", {
  enforcementLevel: "mandatory",
  policies: RULES.map(({ name, description, violations }) => ({
    name,
    description,
    validateResource: (resource, report) => {
      for (const violation of violations({ ...resource, protect: resource.opts.protect })) report(violation);
    },
  })),
});

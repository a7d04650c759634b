// AKS's kubeconfig, changed so that it works without a person.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { kubeconfigOf, kubeconfigWithLogin } from "../../../stack/kubeconfig.ts";
import { execute } from "../../harness/command.ts";

const SERVER_ID = "6dae42f8-4368-4678-94ff-3960e28e3630";
const entra = (args: string[]) => `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
    server: https://prod-aks-a-dns-1a2b3c4d.hcp.westeurope.azmk8s.io:443
  name: prod-aks-a
contexts:
- context:
    cluster: prod-aks-a
    user: clusterUser_rg-prod-aks-a_prod-aks-a
  name: prod-aks-a
current-context: prod-aks-a
preferences: {}
users:
- name: clusterUser_rg-prod-aks-a_prod-aks-a
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
${args.map((arg) => `      - ${arg}`).join("\n")}
      command: kubelogin
      env: null
      installHint: |2

        kubelogin is not installed
      interactiveMode: IfAvailable
      provideClusterInfo: false
`;
const AKS_ARGS = [
  "get-token",
  "--environment",
  "AzurePublicCloud",
  "--server-id",
  SERVER_ID,
  "--client-id",
  "80faf920-1908-4b52-b5ef-a8e7bedfc67a",
  "--tenant-id",
  "11111111-2222-3333-4444-555555555555",
  "--login",
  "devicecode",
];
const argsOf = (kubeconfig: string): string[] => parse(kubeconfig).users[0].user.exec.args;

describe("a kubeconfig with kubelogin", () => {
  for (const login of ["azurecli", "workloadidentity", "spn"] as const) {
    it(`signs in with ${login}, not with a code that a person types`, () => {
      assert.deepEqual(argsOf(kubeconfigWithLogin(entra(AKS_ARGS), login)), [
        "get-token",
        "--environment",
        "AzurePublicCloud",
        "--server-id",
        SERVER_ID,
        "--tenant-id",
        "11111111-2222-3333-4444-555555555555",
        "--login",
        login,
      ]);
    });
  }

  it("is otherwise unchanged", () => {
    const [before, after] = [parse(entra(AKS_ARGS)), parse(kubeconfigWithLogin(entra(AKS_ARGS), "azurecli"))];
    after.users[0].user.exec.args = before.users[0].user.exec.args;
    assert.deepEqual(after, before);
  });

  it("stays the same the second time, because otherwise the provider would change in every preview", () => {
    const once = kubeconfigWithLogin(entra(AKS_ARGS), "azurecli");
    assert.equal(kubeconfigWithLogin(once, "azurecli"), once);
  });

  it("may have its arguments in another form", () => {
    for (const args of [
      ["get-token", "-l", "devicecode", "--server-id", SERVER_ID],
      ["get-token", "--login=devicecode", "--client-id=80faf920-1908-4b52-b5ef-a8e7bedfc67a", "--server-id", SERVER_ID],
    ])
      assert.deepEqual(argsOf(kubeconfigWithLogin(entra(args), "spn")), [
        "get-token",
        "--server-id",
        SERVER_ID,
        "--login",
        "spn",
      ]);
  });
});

describe("a kubeconfig without kubelogin", () => {
  it("is unchanged with client certificates", () => {
    const certificates = `apiVersion: v1
kind: Config
clusters: [{name: prod, cluster: {server: "https://prod:443"}}]
users:
- name: clusterUser
  user:
    client-certificate-data: AAAA
    client-key-data: BBBB
    token: cccc
`;
    assert.deepEqual(parse(kubeconfigWithLogin(certificates, "azurecli")), parse(certificates));
  });

  it("is unchanged with another credential plugin", () => {
    const other = entra(AKS_ARGS).replace("command: kubelogin", "command: aws");
    assert.deepEqual(parse(kubeconfigWithLogin(other, "azurecli")), parse(other));
  });
});

describe("an answer without a kubeconfig is refused, because the provider would use the machine's current context:", () => {
  const REFUSED: Array<[string, Parameters<typeof kubeconfigOf>[0]]> = [
    ["no answer", {}],
    ["no kubeconfig", { kubeconfigs: [] }],
    ...[
      ["an empty kubeconfig", ""],
      ["a kubeconfig without clusters and users", "apiVersion: v1\nkind: Config\n"],
      ["a kubeconfig without clusters", "clusters: []\nusers: [{ name: a }]\n"],
      ["a kubeconfig without users", "clusters: [{ name: a }]\nusers: null\n"],
    ].map(([what = "", text = ""]): (typeof REFUSED)[number] => [
      what,
      { kubeconfigs: [{ value: Buffer.from(text).toString("base64") }] },
    ]),
  ];
  for (const [what, answer] of REFUSED) {
    it(what, () => {
      assert.throws(
        () => kubeconfigOf(answer, "azurecli"),
        /no kubeconfig with a cluster and a user. fix: make `az aks get-cred/,
      );
    });
  }

  it("and no provider is created", async () => {
    // In a separate process, because the registration fails asynchronously, outside the program's control.
    const program = `
      import * as pulumi from "@pulumi/pulumi";
      import { readStackFile } from "./automation/plan/stackFiles.ts";
      import { loadConfig } from "./stack/config.ts";
      import { createProviders } from "./stack/providers.ts";
      const newResource = ({ name, inputs }) => (console.log("registered", name), { id: name, state: inputs });
      await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "logging", "prod-aks-a");
      pulumi.runtime.setAllConfig(readStackFile("prod-aks-a").config);
      createProviders(loadConfig());`;
    const { code, stdout, stderr } = await execute("--input-type=module", ["--eval", program]);
    assert.notEqual(code, 0);
    assert.match(stderr, /no kubeconfig with a cluster and a user/);
    assert.match(stdout, /registered azure/);
    assert.doesNotMatch(stdout, /registered kubernetes/);
  });
});

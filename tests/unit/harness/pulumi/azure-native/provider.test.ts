// The stand-in as the engine meets it: a process, spoken to over gRPC. What the engine makes of it is not shown here.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

const directory = mkdtempSync(join(tmpdir(), "azure-native-"));
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill();
  rmSync(directory, { recursive: true });
});

const URN = "urn:pulumi:test::test::logging:index:Stack$azure-native:containerservice:AgentPool::pool";
const pack = (properties: object) =>
  struct.Struct.fromJavaScript(properties as { [key: string]: struct.JavaScriptValue });
const pool = (agentPoolName: string, more: object = {}) => ({
  resourceGroupName: "rg",
  resourceName: "prod-aks-a",
  agentPoolName,
  availabilityZones: ["1", "2"],
  maxPods: 60,
  ...more,
});

async function start(env: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    fileURLToPath(new URL("../../../../harness/pulumi/azure-native/pulumi-resource-azure-native", import.meta.url)),
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        LOGGING_NODE: process.execPath,
        AZURE_STANDIN_STATE: join(directory, "azure.json"),
        AZURE_STANDIN_JOURNAL: join(directory, "journal"),
        AZURE_STANDIN_KUBECONFIG: join(directory, "{cluster}.kubeconfig"),
        ...env,
      },
    },
  );
  started.push(child);
  const [port] = await once(child.stdout, "data");
  const client = new service.ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
  const call = <Request, Response>(
    method: (request: Request, callback: (error: Error | null, response: Response) => void) => unknown,
  ) => promisify(method.bind(client)) as (request: Request) => Promise<Response>;
  await call(client.configure)(new messages.ConfigureRequest().setArgs(pack({ subscriptionId: "sub" })));
  return {
    check: (news: object) =>
      call<rpc.CheckRequest, rpc.CheckResponse>(client.check)(
        new messages.CheckRequest().setUrn(URN).setNews(pack(news)),
      ),
    diff: (olds: object, news: object) =>
      call<rpc.DiffRequest, rpc.DiffResponse>(client.diff)(
        new messages.DiffRequest().setUrn(URN).setOldInputs(pack(olds)).setNews(pack(news)),
      ),
    create: (inputs: object, preview = false) =>
      call<rpc.CreateRequest, rpc.CreateResponse>(client.create)(
        new messages.CreateRequest().setUrn(URN).setProperties(pack(inputs)).setPreview(preview),
      ),
    read: (id: string) =>
      call<rpc.ReadRequest, rpc.ReadResponse>(client.read)(new messages.ReadRequest().setUrn(URN).setId(id)),
    update: (id: string, news: object) =>
      call<rpc.UpdateRequest, rpc.UpdateResponse>(client.update)(
        new messages.UpdateRequest().setUrn(URN).setId(id).setNews(pack(news)),
      ),
    delete: (id: string) =>
      call<rpc.DeleteRequest, unknown>(client.delete)(new messages.DeleteRequest().setUrn(URN).setId(id)),
    invoke: (token: string, args: object) =>
      call<rpc.InvokeRequest, rpc.InvokeResponse>(client.invoke)(
        new messages.InvokeRequest().setTok(token).setArgs(pack(args)),
      ),
  };
}

const state = () => JSON.parse(readFileSync(join(directory, "azure.json"), "utf8")) as Record<string, object>;

test("a pool's life", async () => {
  const azure = await start();
  assert.equal((await azure.check(pool("log1"))).getInputs()?.toJavaScript().azureApiVersion, "2025-09-01");
  assert.deepEqual(
    (await azure.check(pool("Log1"))).getFailuresList().map((failure) => failure.getProperty()),
    ["agentPoolName"],
  );

  assert.equal((await azure.create(pool("log1"), true)).getId(), "");
  const id = (await azure.create(pool("log1"))).getId();
  await assert.rejects(azure.create(pool("log1")), /cannot create already existing resource/);

  await azure.update(id, pool("log1", { tags: { a: "b" } }));
  await assert.rejects(
    azure.update(id, pool("log1", { maxPods: 80 })),
    /PropertyChangeNotAllowed.*properties\.maxPods/,
  );
  const read = await azure.read(id.toUpperCase());
  assert.deepEqual(read.getInputs()?.toJavaScript(), pool("log1", { tags: { a: "b" } }));
  assert.equal(read.getProperties()?.toJavaScript().provisioningState, "Succeeded");

  await azure.delete(id);
  assert.equal((await azure.read(id)).getId(), "");
  const calls = readFileSync(join(directory, "journal"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    calls.filter(({ error, preview, method }) => !error && !preview && method !== "check").map(({ method }) => method),
    ["configure", "create", "update", "read", "delete", "read"],
  );
});

test("a new name is a replacement that deletes first unless the program sets otherwise", async () => {
  const azure = await start();
  const diff = await azure.diff(pool("log1"), pool("log2", { availabilityZones: ["1"] }));
  assert.deepEqual(diff.getReplacesList(), ["agentPoolName"]);
  assert.equal(diff.getDeletebeforereplace(), true);
  const { UPDATE_REPLACE, DELETE } = messages.PropertyDiff.Kind;
  assert.deepEqual(
    [...diff.getDetaileddiffMap().entries()].map(([path, change]) => [path, change.getKind()]),
    [
      ["agentPoolName", UPDATE_REPLACE],
      ["availabilityZones[1]", DELETE],
    ],
  );
});

test("the credentials of a cluster", async () => {
  const azure = await start();
  writeFileSync(join(directory, "prod-aks-a.kubeconfig"), "kubeconfig of a");
  const list = "azure-native:containerservice:listManagedCluster";
  const found = await azure.invoke(`${list}UserCredentials`, {
    resourceGroupName: "rg",
    resourceName: "prod-aks-a",
    format: "exec",
  });
  assert.deepEqual(found.getReturn()?.toJavaScript(), {
    kubeconfigs: [{ name: "clusterUser", value: Buffer.from("kubeconfig of a").toString("base64") }],
  });
  await assert.rejects(
    azure.invoke(`${list}AdminCredentials`, { resourceGroupName: "rg", resourceName: "b" }),
    /Status=404 Code="ResourceNotFound"/,
  );
  const unfit = await azure.invoke(`${list}AdminCredentials`, { resourceName: "b", format: "exec" });
  assert.deepEqual(
    unfit.getFailuresList().map((failure) => failure.getProperty()),
    ["resourceGroupName", "format"],
  );
  await assert.rejects(
    azure.invoke("azure-native:containerservice:getManagedCluster", {}),
    /stand-in has no function .*getManagedCluster/,
  );
});

test("fails on request", async () => {
  const azure = await start({
    AZURE_STANDIN_FAIL: '{"create": {"code": "QuotaExceeded", "message": "no cores left"}}',
  });
  await assert.rejects(azure.create(pool("log1")), /Code="QuotaExceeded" Message="no cores left"/);
});

test("two providers at once lose nothing", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const names = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(names.flatMap((i) => [one.create(pool(`one${i}`)), two.create(pool(`two${i}`))]));
  assert.equal(Object.keys(state()).length, 40);
});

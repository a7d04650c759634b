// A stand-in for the azure-native provider, for tests on the real Pulumi engine without Azure: agent pools and groups of Prometheus rules
// in a file, a kubeconfig from a file. It speaks the plugin protocol itself, because the SDK's provider server drops three things: the provider's
// configuration, whether a call is a preview, and which properties differ. Without the last, replaceOnChanges does nothing.
//
//   AZURE_STANDIN_STATE       file that holds the resources (created if missing)
//   AZURE_STANDIN_KUBECONFIG  file that the credential calls return; {cluster} stands for the cluster's name
//   AZURE_STANDIN_FAIL        {"create": {"code": "QuotaExceeded", "message": "..."}}, likewise for update, delete, read, listCredentials
//   AZURE_STANDIN_JOURNAL     file to which every ended call is appended, one JSON object per line
//   ARM_SUBSCRIPTION_ID       the subscription, if the provider has no subscriptionId

import { appendFileSync, readFileSync } from "node:fs";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { agentPool } from "./agentPool.ts";
import { AzureError, diff, type Kind, type Properties } from "./kind.ts";
import { prometheusRuleGroup } from "./prometheusRuleGroup.ts";
import { argsType, type Failure, misfits, UNKNOWN } from "./sdkTypes.ts";
import { changePools, keyOf, readPools } from "./state.ts";

const VERSION = "3.28.0";
const KINDS: Readonly<Record<string, Kind>> = {
  "azure-native:containerservice:AgentPool": agentPool,
  "azure-native:alertsmanagement:PrometheusRuleGroup": prometheusRuleGroup,
};
const CREDENTIALS: Readonly<Record<string, { kubeconfig: string; action: string }>> = {
  listManagedClusterUserCredentials: { kubeconfig: "clusterUser", action: "listClusterUserCredential" },
  listManagedClusterAdminCredentials: { kubeconfig: "clusterAdmin", action: "listClusterAdminCredential" },
};

/** What the journal records of a call besides its time and method. */
type Note = { id?: string; name?: string; preview?: boolean; error?: string };

let configuredSubscription: unknown;

const methods = {
  getSchema: async () =>
    new messages.GetSchemaResponse().setSchema(JSON.stringify({ name: "azure-native", version: VERSION })),
  getPluginInfo: async () => new plugin.PluginInfo().setVersion(VERSION),
  cancel: async () => new empty.Empty(),
  checkConfig: async (request: rpc.CheckRequest) => new messages.CheckResponse().setInputs(request.getNews()),
  // Like the real provider: no answer, so that the engine compares.
  diffConfig: async () => new messages.DiffResponse(),

  configure: async (request: rpc.ConfigureRequest) => {
    configuredSubscription = unpack(request.getArgs()).subscriptionId;
    return new messages.ConfigureResponse().setSupportspreview(true);
  },

  check: async (request: rpc.CheckRequest, note: Note) => {
    const kind = kindOf(request, note);
    // The real provider writes its API version into the inputs.
    const inputs = { ...unpack(request.getNews()), azureApiVersion: kind.apiVersion };
    const failures = kind.check(inputs);
    if (failures.length > 0) note.error = reasons(failures);
    return new messages.CheckResponse().setInputs(pack(inputs)).setFailuresList(failures.map(checkFailure));
  },

  diff: async (request: rpc.DiffRequest, note: Note) => {
    const kind = kindOf(request, note);
    const changes = diff(unpack(request.getOldInputs()), unpack(request.getNews()), kind.replacing);
    const { PropertyDiff, DiffResponse } = messages;
    const response = new DiffResponse()
      .setChanges(changes.size > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE)
      .setDiffsList([...changes.keys()])
      .setReplacesList([...changes].filter(([, { replaces }]) => replaces).map(([path]) => path))
      .setHasdetaileddiff(true);
    // The real provider does so for every resource whose name it did not generate, even if the name changes.
    response.setDeletebeforereplace(response.getReplacesList().length > 0);
    for (const [path, { kind, replaces }] of changes) {
      const name = `${kind.toUpperCase()}${replaces ? "_REPLACE" : ""}` as keyof typeof PropertyDiff.Kind;
      response.getDetaileddiffMap().set(path, new PropertyDiff().setKind(PropertyDiff.Kind[name]).setInputdiff(true));
    }
    return response;
  },

  create: async (request: rpc.CreateRequest, note: Note) => {
    const kind = kindOf(request, note);
    const inputs = unpack(request.getProperties());
    if (request.getPreview()) {
      note.preview = true;
      return new messages.CreateResponse().setProperties(pack(kind.outputs(inputs, UNKNOWN, true)));
    }
    const id = kind.idOf(subscription(), inputs);
    note.id = id;
    failWhenTold("create");
    await changePools(stateFile(), (pools) => {
      if (keyOf(pools, id)) throw new Error(`cannot create already existing resource '${id}'`);
      refuse(kind.refusal(undefined, inputs));
      pools[id] = inputs;
    });
    return new messages.CreateResponse().setId(id).setProperties(pack(kind.outputs(inputs, kind.nameOf(inputs))));
  },

  read: async (request: rpc.ReadRequest, note: Note) => {
    const kind = kindOf(request, note);
    failWhenTold("read");
    const pools = readPools(stateFile());
    const key = keyOf(pools, request.getId());
    const inputs = key === undefined ? undefined : pools[key];
    if (!inputs) return new messages.ReadResponse();
    return new messages.ReadResponse()
      .setId(request.getId())
      .setInputs(pack(inputs))
      .setProperties(pack(kind.outputs(inputs, kind.nameOf(inputs))));
  },

  update: async (request: rpc.UpdateRequest, note: Note) => {
    const kind = kindOf(request, note);
    const inputs = unpack(request.getNews());
    if (request.getPreview()) {
      note.preview = true;
      return new messages.UpdateResponse().setProperties(pack(kind.outputs(inputs, kind.nameOf(inputs), true)));
    }
    failWhenTold("update");
    await changePools(stateFile(), (pools) => {
      const key = keyOf(pools, request.getId());
      refuse(kind.refusal(key === undefined ? undefined : pools[key], inputs));
      // PUT creates a missing pool.
      pools[key ?? request.getId()] = inputs;
    });
    return new messages.UpdateResponse().setProperties(pack(kind.outputs(inputs, kind.nameOf(inputs))));
  },

  delete: async (request: rpc.DeleteRequest, note: Note) => {
    kindOf(request, note);
    failWhenTold("delete");
    await changePools(stateFile(), (pools) => {
      const key = keyOf(pools, request.getId());
      if (key !== undefined) delete pools[key];
    });
    return new empty.Empty();
  },

  invoke: async (request: rpc.InvokeRequest, note: Note) => {
    const token = request.getTok();
    note.name = token;
    const name = token.replace(/^azure-native:containerservice:/, "");
    const credentials = CREDENTIALS[name];
    if (!credentials) throw new Error(`the azure-native stand-in has no function ${token}`);
    const args = unpack(request.getArgs());
    const failures = misfits(args, argsType(`containerservice/${name}.d.ts`, `${name.replace(/^l/, "L")}Args`));
    if (failures.length > 0) {
      note.error = reasons(failures);
      return new messages.InvokeResponse().setFailuresList(failures.map(checkFailure));
    }
    const cluster = `/subscriptions/${subscription()}/resourceGroups/${args.resourceGroupName}/providers/Microsoft.ContainerService/managedClusters/${args.resourceName}`;
    note.id = cluster;
    try {
      failWhenTold("listCredentials");
      const value = kubeconfig(args).toString("base64");
      return new messages.InvokeResponse().setReturn(pack({ kubeconfigs: [{ name: credentials.kubeconfig, value }] }));
    } catch (error) {
      throw new Error(`request failed ${cluster}/${credentials.action}: ${(error as Error).message}`);
    }
  },
};

/** The kind of a request's resource. Notes its name for the journal. */
function kindOf(request: { getUrn(): string; getId?(): string }, note: Note): Kind {
  const [, , type = "", name = ""] = request.getUrn().split("::");
  note.name = name;
  if (request.getId?.()) note.id = request.getId();
  const own = type.split("$").at(-1) ?? "";
  const kind = KINDS[own];
  if (!kind) throw new Error(`the azure-native stand-in has no resource ${own}`);
  return kind;
}

function kubeconfig({ resourceGroupName, resourceName }: Properties): Buffer {
  const file = setting("AZURE_STANDIN_KUBECONFIG").replaceAll("{cluster}", String(resourceName));
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new AzureError(
      "ResourceNotFound",
      `The Resource 'Microsoft.ContainerService/managedClusters/${resourceName}' under resource group '${resourceGroupName}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      404,
    );
  }
}

function failWhenTold(operation: string): void {
  const failures = JSON.parse(process.env.AZURE_STANDIN_FAIL || "{}") as Record<
    string,
    { code: string; message: string; status?: number }
  >;
  const failure = failures[operation];
  if (failure) throw new AzureError(failure.code, failure.message, failure.status);
}

function refuse(error: AzureError | undefined): void {
  if (error) throw error;
}

function subscription(): string {
  const id = configuredSubscription || process.env.ARM_SUBSCRIPTION_ID;
  if (!id) throw new Error("the azure-native stand-in needs subscriptionId on the provider, or ARM_SUBSCRIPTION_ID");
  return String(id);
}

const stateFile = () => setting("AZURE_STANDIN_STATE");

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the azure-native stand-in needs the environment variable ${name}`);
  return value;
}

const unpack = (packed: struct.Struct | undefined): Properties => (packed?.toJavaScript() ?? {}) as Properties;

function pack(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties as { [key: string]: struct.JavaScriptValue });
}

const reasons = (failures: readonly Failure[]) => failures.map(({ reason }) => reason).join("; ");
const checkFailure = ({ property, reason }: Failure) =>
  new messages.CheckFailure().setProperty(property).setReason(reason);

function journal(entry: { method: string; time: string } & Note): void {
  const file = process.env.AZURE_STANDIN_JOURNAL;
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

const JOURNALLED = new Set(["configure", "check", "diff", "create", "read", "update", "delete", "invoke"]);

type Method = (request: never, note: Note) => Promise<unknown>;

function handler(method: string, run: Method) {
  return async (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
    const time = new Date().toISOString();
    const note: Note = {};
    const response = await run(call.request as never, note).catch(({ message }: Error) => {
      note.error = message;
    });
    if (JOURNALLED.has(method)) journal({ time, method, ...note });
    if (response) callback(null, response);
    else callback({ code: status.UNKNOWN, details: note.error ?? "" });
  };
}

const server = new Server({ "grpc.max_receive_message_length": -1 });
server.addService(
  service.ResourceProviderService,
  Object.fromEntries(Object.entries(methods).map(([method, run]) => [method, handler(method, run as Method)])),
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(String(port));
});

// A killed engine, for example at a test's time limit, would leave its providers running.
const engine = process.ppid;
setInterval(() => process.ppid === engine || process.exit(), 1000).unref();

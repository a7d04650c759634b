import * as pulumi from "@pulumi/pulumi";
import { type OfflinePlan, planOffline } from "../../automation/plan/offlinePlan.ts";
import type { StackFile } from "../../automation/plan/stackFiles.ts";
import { exclusively } from "./plannedStack.ts";

/** A registration as it goes over the wire to the engine. */
export interface Registration {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getProtect(): boolean;
  getRetainondelete(): boolean | undefined;
  getDeletebeforereplace(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getIgnorechangesList(): string[];
}

/** Every registration that `work` sends, with secrets. Mocks get only half of a registration. */
export function registrations<T>(work: () => Promise<T>): Promise<{ sent: Registration[]; result: T }> {
  return exclusively(async () => {
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) });
    const { getMonitor } = pulumi.runtime as unknown as { getMonitor(): object };
    const monitor = Object.getPrototypeOf(getMonitor()) as {
      registerResource(request: Registration, done: unknown): void;
    };
    const { registerResource } = monitor;
    const sent: Registration[] = [];
    monitor.registerResource = function (request, done) {
      sent.push(request);
      return registerResource.call(this, request, done);
    };
    try {
      const result = await work();
      return { sent, result };
    } finally {
      monitor.registerResource = registerResource;
    }
  });
}

/** The plan of a stack, and the registrations that it sent. */
export const planAndRegistrations = async (file: StackFile): Promise<{ sent: Registration[]; plan: OfflinePlan }> => {
  const { sent, result } = await registrations(() => planOffline(file));
  return { sent, plan: result };
};

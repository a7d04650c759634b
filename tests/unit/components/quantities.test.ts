import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCpu, parseMemory } from "../../../components/quantities.ts";

describe("quantities", () => {
  it("are read as Kubernetes reads them", () => {
    const cpu = {
      "1": 1000,
      "250m": 250,
      "0.5": 500,
      "1.5": 1500,
      "0.1m": 1,
      "1 ": undefined,
      "1k": undefined,
      "": undefined,
    };
    for (const [text, value] of Object.entries(cpu)) assert.equal(parseCpu(text), value, text);
    const memory = {
      "2Gi": 2048,
      "512Mi": 512,
      "1Ti": 2 ** 20,
      "1024Ki": 1,
      "1G": 954,
      "1048576": 1,
      "1.5Gi": 1536,
      "2GB": undefined,
      "2gi": undefined,
      "-1Gi": undefined,
    };
    for (const [text, value] of Object.entries(memory)) assert.equal(parseMemory(text), value, text);
  });
});

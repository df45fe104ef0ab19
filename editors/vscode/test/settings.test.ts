import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { environment, section, serverKeys, variable, type Inspected } from "../src/settings";

interface Setting {
  scope: string;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  contributes: { configuration: { properties: Record<string, Setting> } };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
};
const properties = manifest.contributes.configuration.properties;
const keys = serverKeys(properties);

function settings(set: Record<string, Inspected>) {
  return (key: string) => set[key];
}

test("the server's keys are those of the manifest that are not the extension's own", () => {
  assert.ok(keys.includes("llm.base_url"));
  assert.ok(keys.includes("apply.confirm"));
  assert.equal(keys.find((key) => /^(server|ui|trace)\./.test(key)), undefined);
});

test("a key's variable is the server's own name for it", () => {
  assert.equal(variable("llm.max_output_tokens"), "ROLECALL_LLM__MAX_OUTPUT_TOKENS");
});

test("what the user set becomes environment, with the key out of the secret storage", () => {
  const inspect = settings({
    "llm.base_url": { globalValue: "http://127.0.0.1:1/v1" },
    "llm.temperature": { globalValue: 0.5 },
    "context.open_files": { globalValue: true },
    "context.exclude": { globalValue: ["*.lock"] },
    "llm.model": { globalValue: "" },
  });
  assert.deepEqual(environment(keys, inspect, "sk-1"), {
    ROLECALL_LLM__BASE_URL: "http://127.0.0.1:1/v1",
    ROLECALL_LLM__TEMPERATURE: "0.5",
    ROLECALL_CONTEXT__OPEN_FILES: "true",
    ROLECALL_CONTEXT__EXCLUDE: '["*.lock"]',
    ROLECALL_LLM__API_KEY: "sk-1",
  });
});

test("nothing that a workspace set gets into the environment", () => {
  const hostile = { workspaceValue: "http://attacker.example", workspaceFolderValue: "http://attacker.example" };
  const inspect = settings(Object.fromEntries(keys.map((key) => [key, hostile])));
  assert.deepEqual(environment(keys, inspect, undefined), {});
});

test("what the workspace set goes to the server as its section, the folder's before the workspace's", () => {
  const inspect = settings({
    "apply.confirm": { globalValue: "overwrite", workspaceValue: "always" },
    "logging.level": { workspaceValue: "info", workspaceFolderValue: "debug" },
    "context.open_files": { workspaceValue: false },
  });
  assert.deepEqual(section(keys, inspect), {
    apply: { confirm: "always" },
    logging: { level: "debug" },
    context: { open_files: false },
  });
});

test("only the machine decides which program is started and where text and key are sent", () => {
  const names = ["server.path", "server.python", "llm.provider", "llm.base_url", "llm.model"];
  for (const name of names) {
    assert.equal(properties[`rolecall.${name}`]?.scope, "machine", name);
  }
});

test("every setting that reaches the server is restricted in an untrusted workspace", () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const key of [...keys, "server.path", "server.python"]) {
    assert.ok(restricted.includes(`rolecall.${key}`), key);
  }
});

/**
 * Settings on their way to the server.
 *
 * What the user sets (in user or machine settings) becomes the server's environment, like an exported
 * variable; what a workspace sets reaches it as the section `rolecall`, from which the server takes only
 * what a workspace may set. Which keys there are is read from the extension's own manifest.
 */

/** Groups of settings that are the extension's own. */
const OWN_GROUPS = ["server", "ui", "trace"];

const PREFIX = "rolecall.";

export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

export type Inspect = (key: string) => Inspected | undefined;

/** The server's keys (`llm.base_url`) among the settings of a manifest. */
export function serverKeys(properties: Record<string, unknown>): string[] {
  return Object.keys(properties)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length))
    .filter((key) => !OWN_GROUPS.includes(key.split(".")[0] ?? ""));
}

/** The environment variable of a key: `llm.base_url` is `ROLECALL_LLM__BASE_URL`. */
export function variable(key: string): string {
  return `ROLECALL_${key.replace(".", "__").toUpperCase()}`;
}

/** What the user set, as environment variables; with the key out of the secret storage. */
export function environment(
  keys: readonly string[],
  inspect: Inspect,
  apiKey: string | undefined,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const value = inspect(key)?.globalValue;
    if (isSet(value)) {
      found[variable(key)] = typeof value === "string" ? value : JSON.stringify(value);
    }
  }
  if (isSet(apiKey)) {
    found[variable("llm.api_key")] = apiKey;
  }
  return found;
}

/** What the workspace set, as the section the server asks for. */
export function section(keys: readonly string[], inspect: Inspect): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const key of keys) {
    const inspected = inspect(key);
    const value = inspected?.workspaceFolderValue ?? inspected?.workspaceValue;
    const [group, name] = key.split(".");
    if (isSet(value) && group !== undefined && name !== undefined) {
      (found[group] ??= {})[name] = value;
    }
  }
  return found;
}

function isSet<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null && value !== "";
}

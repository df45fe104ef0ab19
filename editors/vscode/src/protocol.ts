/** The server's public shapes, as far as they are shown here. */

export type FileState =
  "proposed" | "applied" | "needs_confirmation" | "refused" | "conflict" | "incomplete" | "suggestion";

/** One file of a result object. */
export interface TaskFile {
  path: string;
  action: "create" | "modify" | "delete" | "rename";
  new_path: string | null;
  added: number;
  removed: number;
  diff: string | null;
  state: FileState;
  reason: string | null;
}

export interface TaskError {
  code: string;
  message: string;
  hint: string;
}

/** The result object: what every command about a task answers. */
export interface TaskResult {
  task_id: string;
  role: string;
  task: string | null;
  status: "completed" | "incomplete" | "cancelled" | "failed" | "running";
  summary: string;
  files: TaskFile[];
  applied: boolean;
  provider: string | null;
  model: string | null;
  usage: { input_tokens: number; output_tokens: number; estimated: boolean } | null;
  duration_ms: number | null;
  error: TaskError | null;
}

interface Numbered {
  task_id: string;
  seq: number;
}

/** `rolecall/event`: what a task says while it runs. */
export type TaskEvent = Numbered &
  (
    | { type: "started"; role: string; task: string | null; provider: string | null; model: string | null }
    | { type: "attempt"; n: number; of: number; wait_s: number; reason: string | null }
    | { type: "restart" }
    | { type: "delta"; text: string }
    | { type: "file"; path: string; action: string }
    | { type: "result"; result: TaskResult }
    | { type: "error"; error: TaskError }
  );

/** One role as `rolecall roles --format json` lists it. */
export interface Role {
  id: string;
  title: string;
  description: string;
  tasks: { id: string; title: string }[];
}

/** The argument of `rolecall.run`; its other members come from code actions. */
export interface Run {
  role: string;
  uri: string;
  task?: string;
  instruction?: string;
  version?: number;
  range?: { start: Place; end: Place };
  apply?: "ask" | "auto" | "never";
}

export interface Place {
  line: number;
  character: number;
}

/** Whether a file's change is still only proposed. */
export function isOpen(file: TaskFile): boolean {
  return file.state === "proposed" || file.state === "needs_confirmation" || file.state === "conflict";
}

/** The file's name after the change. */
export function nameAfter(file: TaskFile): string {
  return file.new_path ?? file.path;
}

/** What a task is called: `QA Engineer: test plan`. */
export function taskTitle(role: string, task: string | null): string {
  const name = words(role).map(capitalized).join(" ");
  return `${name}: ${task === null ? "own instruction" : words(task).join(" ")}`;
}

const NAMES: Record<string, string> = { qa: "QA", ci: "CI", api: "API", devops: "DevOps" };

function words(identifier: string): string[] {
  return identifier.split(/[_-]/).map((word) => NAMES[word] ?? word);
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

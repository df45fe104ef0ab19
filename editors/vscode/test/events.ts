/** Events and results as the server sends them. */

import type { TaskEvent, TaskFile, TaskResult } from "../src/protocol";

type Told = TaskEvent extends infer Each ? (Each extends TaskEvent ? Omit<Each, "task_id" | "seq"> : never) : never;

/** A task that tells things, one after the other. */
export function task(id: string): (told: Told) => TaskEvent {
  let seq = 0;
  return (told) => ({ task_id: id, seq: ++seq, ...told });
}

export const STARTED: Told = {
  type: "started",
  role: "qa_engineer",
  task: "test_plan",
  provider: "openai",
  model: "m",
};

export function file(path: string, more: Partial<TaskFile> = {}): TaskFile {
  return {
    path,
    action: "modify",
    new_path: null,
    added: 2,
    removed: 1,
    diff: null,
    state: "applied",
    reason: null,
    ...more,
  };
}

export function result(id: string, more: Partial<TaskResult> = {}): TaskResult {
  return {
    task_id: id,
    role: "qa_engineer",
    task: "test_plan",
    status: "completed",
    summary: "",
    files: [],
    applied: false,
    provider: "openai",
    model: "m",
    usage: { input_tokens: 11, output_tokens: 7, estimated: false },
    duration_ms: 1234,
    error: null,
    ...more,
  };
}

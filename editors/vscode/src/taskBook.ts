/** What the events say about the tasks of this window. */

import { taskTitle, type TaskEvent, type TaskResult } from "./protocol";

/** One task as the status bar shows it. */
export interface Entry {
  id: string;
  title: string;
  model: string | null;
  characters: number;
  files: string[];
  note: string;
}

/** About as many characters make a token; only shown, never counted with. */
const CHARACTERS_PER_TOKEN = 4;

export class TaskBook {
  private readonly entries = new Map<string, Entry>();

  /** The running tasks, the oldest first. */
  get running(): Entry[] {
    return [...this.entries.values()];
  }

  /** Take an event; returns the result where the task ended with it. */
  take(event: TaskEvent): TaskResult | undefined {
    if (event.type === "result") {
      this.entries.delete(event.task_id);
      return event.result;
    }
    if (event.type === "started") {
      this.entries.set(event.task_id, begun(event.task_id, event.role, event.task, event.model));
    }
    const entry = this.entries.get(event.task_id);
    if (entry !== undefined) {
      note(entry, event);
    }
    return undefined;
  }

  /** The server went away, and its tasks with it. */
  clear(): void {
    this.entries.clear();
  }
}

/** How far a task is, in a few words. */
export function progress(entry: Entry): string {
  const tokens = Math.round(entry.characters / CHARACTERS_PER_TOKEN);
  const parts = [tokens > 0 ? `${tokens} tokens` : "waiting for the model", entry.note, ...entry.files];
  return parts.filter((part) => part !== "").join(" · ");
}

function begun(id: string, role: string, task: string | null, model: string | null): Entry {
  return { id, title: taskTitle(role, task), model, characters: 0, files: [], note: "" };
}

function note(entry: Entry, event: TaskEvent): void {
  switch (event.type) {
    case "delta":
      entry.characters += event.text.length;
      entry.note = "";
      break;
    case "restart":
      entry.characters = 0;
      entry.files = [];
      break;
    case "attempt":
      entry.note = event.n > 1 || event.reason !== null ? `attempt ${event.n} of ${event.of}` : "";
      break;
    case "file":
      entry.files.push(event.path);
      break;
    default:
  }
}

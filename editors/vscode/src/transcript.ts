/** The answers as the output channel shows them: each whole, however many tasks stream at once. */

import { nameAfter, taskTitle, type TaskEvent, type TaskFile, type TaskResult } from "./protocol";

/**
 * Writes one task's answer live, and holds back what others say until that one has ended.
 *
 * @param append takes the next piece of text; the channel can only grow.
 */
export class Transcript {
  private front: string | undefined;
  private readonly held = new Map<string, string[]>();
  private readonly ended = new Set<string>();

  constructor(
    private readonly append: (text: string) => void,
    private readonly now: () => Date = () => new Date(),
  ) {}

  take(event: TaskEvent): void {
    const text = this.text(event);
    if (this.front === undefined && event.type === "started") {
      this.front = event.task_id;
    }
    if (event.task_id === this.front) {
      this.write(text);
    } else if (event.type === "started" || this.held.has(event.task_id)) {
      this.hold(event.task_id, text);
    }
    if (event.type === "result") {
      this.end(event.task_id);
    }
  }

  /** The server went away: nothing more comes of what was running. */
  clear(): void {
    this.front = undefined;
    this.held.clear();
    this.ended.clear();
  }

  private hold(task: string, text: string): void {
    const waiting = this.held.get(task) ?? [];
    this.held.set(task, [...waiting, text]);
  }

  private end(task: string): void {
    if (task !== this.front) {
      this.ended.add(task);
      return;
    }
    this.front = undefined;
    for (const [next, texts] of this.held) {
      this.held.delete(next);
      this.write(texts.join(""));
      if (!this.ended.delete(next)) {
        this.front = next;
        return;
      }
    }
  }

  private write(text: string): void {
    if (text !== "") {
      this.append(text);
    }
  }

  private text(event: TaskEvent): string {
    switch (event.type) {
      case "started": {
        const about = [this.now().toLocaleTimeString("en-GB"), event.model, event.task_id];
        return `\n──── ${taskTitle(event.role, event.task)} (${about.filter(Boolean).join(", ")}) ────\n\n`;
      }
      case "attempt":
        return event.n > 1 || event.reason !== null ? `\n[${attempt(event)}]\n` : "";
      case "restart":
        return "\n[The answer begins again; what stands above is void.]\n\n";
      case "delta":
        return event.text;
      case "result":
        return `\n\n${ending(event.result)}\n`;
      default:
        return "";
    }
  }
}

function attempt(event: Extract<TaskEvent, { type: "attempt" }>): string {
  const wait = event.wait_s >= 1 ? ` in ${Math.round(event.wait_s)} s` : "";
  const why = event.reason === null ? "" : `: ${event.reason}`;
  return `Attempt ${event.n} of ${event.of}${wait}${why}`;
}

/** How a task ended: a line for the whole, one for each file, and what went wrong. */
export function ending(result: TaskResult): string {
  const tokens = result.usage === null ? "" : `, ${result.usage.output_tokens} tokens`;
  const seconds = result.duration_ms === null ? "" : `, ${(result.duration_ms / 1000).toFixed(1)} s`;
  const lines = [`──── ${result.status}${tokens}${seconds} ────`, ...result.files.map(line)];
  if (result.error !== null) {
    lines.push(`${result.error.message} ${result.error.hint}`.trim());
  }
  return lines.join("\n");
}

function line(file: TaskFile): string {
  const why = file.reason === null ? "" : ` (${file.reason})`;
  return `  ${file.state.replace("_", " ")}: ${file.action} ${nameAfter(file)} +${file.added} −${file.removed}${why}`;
}

/** Proposed changes side by side, and what becomes of them. */

import * as vscode from "vscode";

import { isOpen, nameAfter, taskTitle, type TaskFile, type TaskResult } from "./protocol";
import { isPreviewed, type Server } from "./server";

const SCHEME = "rolecall";

export class Proposals {
  constructor(private readonly server: Server) {}

  /** A task ended: where its changes stay proposals, offer them. */
  async offer(result: TaskResult): Promise<void> {
    const files = result.files.filter(isOpen);
    if (files.length === 0 || result.status === "cancelled") {
      return;
    }
    if (isPreviewed()) {
      await this.preview(result.task_id);
      return;
    }
    const chosen = await vscode.window.showInformationMessage(
      `Rolecall: ${taskTitle(result.role, result.task)} proposes to change ${names(files)}.`,
      "Preview",
      "Apply",
      "Discard",
    );
    await this.decide(result.task_id, chosen);
  }

  /** Show a task's changes: before on the left, after on the right. */
  async preview(taskId: string): Promise<void> {
    const result = await this.server.command<TaskResult>("result", { task_id: taskId });
    const files = result.files.filter((file) => file.diff !== null && file.diff !== "");
    const title = taskTitle(result.role, result.task);
    const [file] = files;
    if (file === undefined) {
      void vscode.window.showInformationMessage(`Rolecall: ${title} proposes no changes.`);
      return;
    }
    if (files.length === 1) {
      const shown = `${nameAfter(file)} (${title})`;
      await vscode.commands.executeCommand("vscode.diff", ...sides(taskId, file), shown, { preview: true });
    } else {
      const resources = files.map((each) => [sides(taskId, each)[1], ...sides(taskId, each)]);
      await vscode.commands.executeCommand("vscode.changes", title, resources);
    }
    if (result.files.some(isOpen)) {
      void this.conclude(result);
    }
  }

  async apply(taskId: string): Promise<void> {
    const result = await this.server.command<TaskResult>("apply", { task_id: taskId });
    if (result.error === null) {
      await close(taskId);
    }
  }

  async discard(taskId: string): Promise<void> {
    await this.server.command<TaskResult>("discard", { task_id: taskId });
    await close(taskId);
  }

  /** Take back what a task wrote; what was edited since stays. */
  async revert(taskId: string): Promise<void> {
    const result = await this.server.command<TaskResult>("revert", { task_id: taskId });
    if (result.error === null) {
      void vscode.window.showInformationMessage(
        `Rolecall: ${taskTitle(result.role, result.task)} is taken back.`,
      );
    }
  }

  /** Let the user choose among the tasks of this workspace; the latest first. */
  async pick(title: string, isOffered: (result: TaskResult) => boolean): Promise<string | undefined> {
    const tasks = await this.server.command<TaskResult[]>("tasks", {});
    const choices = tasks
      .filter(isOffered)
      .reverse()
      .map((result) => ({
        label: taskTitle(result.role, result.task),
        description: result.files.map(nameAfter).join(", "),
        detail: result.summary.split("\n")[0] ?? "",
        id: result.task_id,
      }));
    if (choices.length === 0) {
      void vscode.window.showInformationMessage("Rolecall: there is no such task.");
      return undefined;
    }
    return (await vscode.window.showQuickPick(choices, { title: `Rolecall: ${title}` }))?.id;
  }

  private async conclude(result: TaskResult): Promise<void> {
    const chosen = await vscode.window.showInformationMessage(
      `Rolecall: apply the change of ${names(result.files.filter(isOpen))}?`,
      "Apply",
      "Discard",
    );
    await this.decide(result.task_id, chosen);
  }

  private async decide(taskId: string, chosen: string | undefined): Promise<void> {
    if (chosen === "Preview") {
      await this.preview(taskId);
    } else if (chosen === "Apply") {
      await this.apply(taskId);
    } else if (chosen === "Discard") {
      await this.discard(taskId);
    }
  }
}

/** The task whose document this is. */
export function taskOf(uri: vscode.Uri | undefined): string | undefined {
  return uri?.scheme === SCHEME ? uri.path.split("/")[2]?.replace(/\.(md|diff)$/, "") : undefined;
}

function sides(taskId: string, file: TaskFile): [vscode.Uri, vscode.Uri] {
  const side = (name: string, path: string) =>
    vscode.Uri.from({ scheme: SCHEME, path: `/tasks/${taskId}/${name}/${path}` });
  return [side("before", file.path), side("after", nameAfter(file))];
}

/** The preview has served: close its tabs. */
async function close(taskId: string): Promise<void> {
  const shown = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputTextDiff && taskOf(input.modified) === taskId);
  await vscode.window.tabGroups.close(shown);
}

function names(files: TaskFile[]): string {
  const [first, second, ...rest] = files.map(nameAfter);
  return [first, second].filter(Boolean).join(", ") + (rest.length > 0 ? ` and ${rest.length} more` : "");
}

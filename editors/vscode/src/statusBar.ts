/** The status bar item: the running tasks, and what is wrong. */

import * as vscode from "vscode";

import { progress, type TaskBook } from "./taskBook";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("rolecall.tasks", vscode.StatusBarAlignment.Left, 0);

  constructor(
    private readonly book: TaskBook,
    private readonly isRunning: () => boolean,
    private readonly isInstalled: () => boolean,
  ) {
    this.item.name = "Rolecall";
    this.show();
    this.item.show();
  }

  /** Show how things are now. */
  show(): void {
    const running = this.book.running;
    const [first] = running;
    this.item.command = running.length > 0 ? "rolecall.cancelTask" : "rolecall.menu";
    this.item.tooltip = "Run a role, or see its tasks";
    this.item.backgroundColor = undefined;
    if (first !== undefined) {
      const more = running.length > 1 ? ` and ${running.length - 1} more` : "";
      this.item.text = `$(loading~spin) ${first.title}${more}`;
      this.item.tooltip = tooltip(this.book);
    } else if (this.isRunning()) {
      this.item.text = "$(organization) Rolecall";
    } else {
      this.item.text = "$(warning) Rolecall";
      this.item.tooltip = this.isInstalled() ? "The server is not running" : "The server is not installed";
      this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    }
  }

  dispose(): void {
    this.item.dispose();
  }
}

function tooltip(book: TaskBook): vscode.MarkdownString {
  const text = new vscode.MarkdownString("", true);
  text.isTrusted = { enabledCommands: ["rolecall.cancelTask", "rolecall.showOutput"] };
  for (const entry of book.running) {
    const argument = encodeURIComponent(JSON.stringify([entry.id]));
    text.appendMarkdown(`**${entry.title}** `);
    text.appendText(progress(entry));
    text.appendMarkdown(` [$(debug-stop) Cancel](command:rolecall.cancelTask?${argument})\n\n`);
  }
  return text.appendMarkdown("[Show the answer](command:rolecall.showOutput)");
}

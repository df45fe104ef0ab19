/** Composes the extension: everything that thinks is in the server. */

import * as path from "node:path";
import * as vscode from "vscode";

import { API_KEY, setApiKey } from "./apiKey";
import { newEnough, OwnInstall, PYTHONS } from "./installing";
import { found, type Located } from "./locating";
import { ask, runRole } from "./pickers";
import { Proposals, taskOf } from "./proposals";
import { isOpen, type TaskEvent } from "./protocol";
import { own, Server } from "./server";
import { StatusBar } from "./statusBar";
import { progress, TaskBook } from "./taskBook";
import { Transcript } from "./transcript";

/** What other extensions, and tests, may ask. */
export interface Api {
  isRunning: () => boolean;
}

let active: Rolecall | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const rolecall = new Rolecall(context);
  active = rolecall;
  context.subscriptions.push(rolecall);
  rolecall.register();
  await rolecall.start();
  return { isRunning: () => rolecall.isRunning };
}

/** The editor waits for it, so that the server ends with it. */
export async function deactivate(): Promise<void> {
  await active?.stop();
}

class Rolecall implements vscode.Disposable {
  private readonly output = vscode.window.createOutputChannel("Rolecall", "markdown");
  private readonly log = vscode.window.createOutputChannel("Rolecall Server", { log: true });
  private readonly book = new TaskBook();
  private readonly transcript = new Transcript((text) => {
    this.output.append(text);
  });
  private readonly install: OwnInstall;
  private readonly server: Server;
  private readonly proposals: Proposals;
  private readonly statusBar: StatusBar;
  private isRefreshDue = false;

  constructor(private readonly context: vscode.ExtensionContext) {
    this.install = new OwnInstall(context.globalStorageUri.fsPath, path.join(context.extensionPath, "bundled"));
    this.server = new Server(context, this.install, this.log, (event) => {
      this.take(event);
    });
    this.proposals = new Proposals(this.server);
    this.statusBar = new StatusBar(
      this.book,
      () => this.server.isRunning,
      () => this.server.locate() !== undefined,
    );
  }

  get isRunning(): boolean {
    return this.server.isRunning;
  }

  async start(): Promise<void> {
    await this.server.refresh();
    const located = this.server.locate();
    if (located === undefined || (this.install.isOutdated && isFound(located))) {
      void this.offerInstall(); // the offer may stay open for long
    }
  }

  register(): void {
    const commands: Record<string, (argument?: unknown) => unknown> = {
      runRole: () => runRole(this.server),
      ask: () => ask(this.server),
      menu: () => this.menu(),
      cancelTask: (task) => this.cancel(task),
      showOutput: () => {
        this.output.show(true);
      },
      showLog: () => {
        this.log.show(true);
      },
      previewProposal: (task) => this.withProposal("Preview Proposal", task, (id) => this.proposals.preview(id)),
      applyProposal: (task) => this.withProposal("Apply Proposal", task, (id) => this.proposals.apply(id)),
      discardProposal: (task) => this.withProposal("Discard Proposal", task, (id) => this.proposals.discard(id)),
      revertTask: () => this.revert(),
      setApiKey: () => this.setApiKey(),
      removeApiKey: () => this.removeApiKey(),
      installServer: () => this.installServer(),
      restartServer: () => this.server.refresh(true),
    };
    for (const [name, act] of Object.entries(commands)) {
      this.context.subscriptions.push(vscode.commands.registerCommand(`rolecall.${name}`, act));
    }
    this.context.subscriptions.push(
      this.server.onDidChange(() => {
        this.forgetTheLost();
      }),
      // Also where another window set the key.
      this.context.secrets.onDidChange(async ({ key }) => {
        if (key === API_KEY) {
          await this.refreshWhenIdle();
        }
      }),
      vscode.workspace.onDidChangeConfiguration(async (event) => {
        if (event.affectsConfiguration("rolecall")) {
          await this.refreshWhenIdle();
        }
      }),
    );
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  dispose(): void {
    this.statusBar.dispose();
    this.output.dispose();
    this.log.dispose();
  }

  private take(event: TaskEvent): void {
    this.transcript.take(event);
    const result = this.book.take(event);
    this.statusBar.show();
    if (event.type === "started" && own("ui.revealOutput") === "onRun") {
      this.output.show(true);
    }
    if (result !== undefined) {
      void this.proposals.offer(result);
      if (this.isRefreshDue) {
        void this.refreshWhenIdle();
      }
    }
  }

  /** Other settings may need another server; a task that runs is let finish first. */
  private async refreshWhenIdle(): Promise<void> {
    this.isRefreshDue = this.book.running.length > 0;
    if (!this.isRefreshDue) {
      await this.server.refresh();
    }
  }

  private forgetTheLost(): void {
    if (!this.server.isRunning) {
      this.book.clear();
      this.transcript.clear();
    }
    this.statusBar.show();
  }

  private async menu(): Promise<void> {
    if (this.server.locate() === undefined) {
      await this.offerInstall();
      return;
    }
    const choices = [
      { label: "$(play) Run role…", command: "runRole" },
      { label: "$(edit) Ask in your own words…", command: "ask" },
      { label: "$(diff) Preview a proposal…", command: "previewProposal" },
      { label: "$(discard) Revert what a task wrote…", command: "revertTask" },
      { label: "$(output) Show the answers", command: "showOutput" },
      { label: "$(key) Set API key…", command: "setApiKey" },
      { label: "$(debug-restart) Restart the server", command: "restartServer" },
    ];
    const chosen = await vscode.window.showQuickPick(choices, { title: "Rolecall" });
    if (chosen !== undefined) {
      await vscode.commands.executeCommand(`rolecall.${chosen.command}`);
    }
  }

  private async cancel(task: unknown): Promise<void> {
    const id = typeof task === "string" ? task : await this.pickRunning();
    if (id !== undefined) {
      await this.server.command("cancel", { task_id: id });
    }
  }

  private async pickRunning(): Promise<string | undefined> {
    const choices = this.book.running.map((entry) => ({
      label: `$(debug-stop) ${entry.title}`,
      description: progress(entry),
      id: entry.id,
    }));
    if (choices.length === 0) {
      void vscode.window.showInformationMessage("Rolecall: no task is running.");
      return undefined;
    }
    return (await vscode.window.showQuickPick(choices, { title: "Rolecall: Cancel Task" }))?.id;
  }

  private async withProposal(title: string, task: unknown, act: (id: string) => Promise<void>): Promise<void> {
    const given = typeof task === "string" ? task : taskOf(task instanceof vscode.Uri ? task : undefined);
    const id = given ?? (await this.proposals.pick(title, (result) => result.files.some(isOpen)));
    if (id !== undefined) {
      await act(id);
    }
  }

  private async revert(): Promise<void> {
    const id = await this.proposals.pick("Revert What a Task Wrote", (result) => result.applied);
    if (id !== undefined) {
      await this.proposals.revert(id);
    }
  }

  private async setApiKey(): Promise<void> {
    if (await setApiKey(this.context.secrets)) {
      await this.refreshWhenIdle();
      void vscode.window.showInformationMessage("Rolecall: the API key is set.");
    }
  }

  private async removeApiKey(): Promise<void> {
    await this.context.secrets.delete(API_KEY);
    await this.refreshWhenIdle();
    void vscode.window.showInformationMessage("Rolecall: the API key is removed.");
  }

  private async offerInstall(): Promise<void> {
    const words = this.install.isOutdated
      ? "Rolecall was updated; its server has to be installed anew."
      : "Rolecall found no server. It can install the one it carries, into a Python environment of its own.";
    const chosen = await vscode.window.showInformationMessage(words, "Install", "Use Another…");
    if (chosen === "Install") {
      await this.installServer();
    } else if (chosen === "Use Another…") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "rolecall.server.path");
    }
  }

  private async installServer(): Promise<void> {
    const python = await this.python();
    if (python === undefined) {
      void vscode.window.showErrorMessage(
        "Rolecall needs Python 3.11 or newer. Install it, or name it in the setting rolecall.server.python.",
      );
      return;
    }
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: "Installing the Rolecall server",
      cancellable: true,
    };
    try {
      await vscode.window.withProgress(options, (_, token) => this.carryOut(python, token));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const chosen = await vscode.window.showErrorMessage(`Rolecall was not installed: ${words}`, "Show Log");
      if (chosen !== undefined) {
        this.log.show();
      }
      return;
    }
    void vscode.window.showInformationMessage("Rolecall: the server is installed.");
  }

  private async carryOut(python: string, token: vscode.CancellationToken): Promise<void> {
    const abort = new AbortController();
    token.onCancellationRequested(() => {
      abort.abort();
    });
    const say = (text: string) => {
      this.log.info(text);
    };
    await this.install.install(python, say, abort.signal);
    await this.server.refresh(true);
  }

  private async python(): Promise<string | undefined> {
    const named = own("server.python");
    const around = this.server.surroundings();
    const candidates = named === "" ? PYTHONS.map((name) => found(around, name)) : [named];
    return newEnough(candidates.filter((each) => each !== undefined));
  }
}

/** Whether the server is only one that happened to be on PATH. */
function isFound(located: Located): boolean {
  return located !== undefined && "source" in located && located.source === "path";
}

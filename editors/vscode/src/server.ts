/** The language server's life: which one is started, with which environment, and what it is asked. */

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  CodeActionRequest,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  type CodeAction,
} from "vscode-languageclient/node";

import { API_KEY } from "./apiKey";
import { type OwnInstall } from "./installing";
import { locate, type Located, type Surroundings } from "./locating";
import type { Role, Run, TaskEvent } from "./protocol";
import { environment, section, serverKeys } from "./settings";

const run = promisify(execFile);

const ACTION_KINDS = ["quickfix.rolecall", "refactor.rolecall", "source.rolecall"];

export class Server {
  private client: LanguageClient | undefined;
  private turn: Promise<void> = Promise.resolve();
  private started = "";
  private readonly keys: string[];
  private readonly changed = new vscode.EventEmitter<void>();

  /** Fires when the server came up, went away, or was not found. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly own: OwnInstall,
    private readonly log: vscode.LogOutputChannel,
    private readonly take: (event: TaskEvent) => void,
  ) {
    const manifest = context.extension.packageJSON as { contributes: { configuration: Configuration } };
    this.keys = serverKeys(manifest.contributes.configuration.properties);
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The command that would be started now. */
  locate(): Located {
    return locate(this.surroundings());
  }

  surroundings(): Surroundings {
    return {
      setting: own("server.path"),
      own: this.own.command,
      path: process.env["PATH"] ?? "",
      home: os.homedir(),
      windows: process.platform === "win32",
      isExecutable,
    };
  }

  /** Start the server, or start it anew where its command or its environment would be another. */
  async refresh(force = false): Promise<void> {
    this.turn = this.turn.then(() => this.exchange(force)).catch((error: unknown) => {
      this.log.error(String(error));
    });
    await this.turn;
    this.changed.fire();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.started = "";
    await client?.dispose();
  }

  /** Execute one of the server's commands; its errors are the server's own words. */
  async command<Result>(name: string, argument: object): Promise<Result> {
    const params = { command: `rolecall.${name}`, arguments: [argument] };
    return (await this.running().sendRequest(ExecuteCommandRequest.type, params)) as Result;
  }

  /** The roles on call. */
  async roles(): Promise<Role[]> {
    const located = this.locate();
    if (located === undefined || "problem" in located) {
      throw new Error("The server is not installed.");
    }
    const env = { ...process.env, ...(await this.environment()) };
    const { stdout } = await run(located.command, ["roles", "--format", "json"], { env, cwd: os.homedir() });
    return JSON.parse(stdout) as Role[];
  }

  /** What the roles offer at the selection of an editor, in the server's own words. */
  async offers(editor: vscode.TextEditor): Promise<{ title: string; kind: string; run: Run }[]> {
    const client = this.running();
    const convert = client.code2ProtocolConverter;
    const diagnostics = vscode.languages.getDiagnostics(editor.document.uri);
    const found = await client.sendRequest(CodeActionRequest.type, {
      textDocument: convert.asTextDocumentIdentifier(editor.document),
      range: convert.asRange(editor.selection),
      context: { diagnostics: await convert.asDiagnostics(diagnostics), only: ACTION_KINDS },
    });
    return (found ?? [])
      .filter((each): each is CodeAction => "kind" in each)
      .map((action) => ({ title: action.title, kind: action.kind ?? "", run: action.data as Run }));
  }

  /** A place in the words of the protocol. */
  place(editor: vscode.TextEditor): Pick<Run, "uri" | "version" | "range"> {
    const { document, selection } = editor;
    const convert = this.running().code2ProtocolConverter;
    const uri = convert.asUri(document.uri);
    return selection.isEmpty
      ? { uri, version: document.version }
      : { uri, version: document.version, range: convert.asRange(selection) };
  }

  private running(): LanguageClient {
    if (this.client === undefined) {
      throw new Error("The Rolecall server is not running.");
    }
    return this.client;
  }

  private async exchange(force: boolean): Promise<void> {
    const located = this.locate();
    const added = await this.environment();
    const wanted = JSON.stringify([located, added]);
    if (wanted === this.started && !force) {
      return;
    }
    await this.stop();
    if (located === undefined) {
      return;
    }
    if ("problem" in located) {
      void vscode.window.showErrorMessage(`Rolecall: ${located.problem}`);
      return;
    }
    this.log.info(`starting ${located.command} (${located.source})`);
    this.started = wanted;
    this.client = this.made(located.command, added);
    await this.client.start();
  }

  private made(command: string, added: Record<string, string>): LanguageClient {
    const env = { ...process.env, ...added };
    const client = new LanguageClient(
      "rolecall",
      "Rolecall",
      { command, args: ["lsp"], options: { env } },
      {
        documentSelector: [{ scheme: "file" }],
        initializationOptions: { events: true },
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        middleware: {
          executeCommand: (name, args, next) => next(name, name === "rolecall.run" ? (args as Run[]).map(asPreviewed) : args) as unknown,
          workspace: {
            configuration: (params) => params.items.map(() => section(this.keys, inspect)),
          },
        },
      },
    );
    client.onNotification("rolecall/event", this.take);
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped) {
        this.changed.fire();
      }
    });
    return client;
  }

  private async environment(): Promise<Record<string, string>> {
    return environment(this.keys, inspect, await this.context.secrets.get(API_KEY));
  }
}

interface Configuration {
  properties: Record<string, unknown>;
}

/** A setting of the extension's own that is a text. */
export function own(key: string): string {
  return vscode.workspace.getConfiguration("rolecall").get<string>(key, "").trim();
}

function inspect(key: string) {
  return vscode.workspace.getConfiguration("rolecall").inspect(key);
}

/** Whether every change is shown before it is made. */
export function isPreviewed(): boolean {
  return vscode.workspace.getConfiguration("rolecall").get<boolean>("ui.preview", false);
}

function asPreviewed(argument: Run): Run {
  return isPreviewed() ? { apply: "never", ...argument } : argument;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Choosing a role, a task, or words of one's own. */

import * as vscode from "vscode";

import type { Role, Run } from "./protocol";
import type { Server } from "./server";

interface Choice<Value> extends vscode.QuickPickItem {
  value: Value;
}

/** "Run Role…": a role, then what it offers at this place. */
export async function runRole(server: Server): Promise<void> {
  const editor = here();
  const role = editor && (await pickRole(server, "Run Role"));
  if (editor === undefined || role === undefined) {
    return;
  }
  const offers = await server.offers(editor);
  const choices: Choice<Run | undefined>[] = offers
    .filter((offer) => offer.kind.split(".")[2] === role.id)
    .map((offer) => ({ label: shortened(offer.title, role), description: situation(offer.kind), value: offer.run }));
  choices.push({ label: "$(edit) In my own words…", alwaysShow: true, value: undefined });
  const chosen = await vscode.window.showQuickPick(choices, {
    title: `Rolecall: ${role.title}`,
    placeHolder: "What shall be done?",
  });
  if (chosen !== undefined) {
    await (chosen.value === undefined ? instruct(server, editor, role) : start(chosen.value));
  }
}

/** "Ask in Your Own Words…": a role, then an instruction. */
export async function ask(server: Server): Promise<void> {
  const editor = here();
  const role = editor && (await pickRole(server, "Ask in Your Own Words"));
  if (editor !== undefined && role !== undefined) {
    await instruct(server, editor, role);
  }
}

async function instruct(server: Server, editor: vscode.TextEditor, role: Role): Promise<void> {
  const about = editor.selection.isEmpty ? "this file" : "the selection";
  const instruction = await vscode.window.showInputBox({
    title: `Rolecall: ${role.title}`,
    prompt: `What shall the ${role.title} do with ${about}?`,
    ignoreFocusOut: true,
  });
  if (instruction !== undefined && instruction.trim() !== "") {
    await start({ role: role.id, instruction: instruction.trim(), ...server.place(editor) });
  }
}

async function pickRole(server: Server, title: string): Promise<Role | undefined> {
  const roles = server.roles();
  const choices = roles.then((all): Choice<Role>[] =>
    all.map((role) => ({ label: role.title, detail: role.description, value: role })),
  );
  const chosen = await vscode.window.showQuickPick(choices, {
    title: `Rolecall: ${title}`,
    placeHolder: "Which role?",
    matchOnDetail: true,
  });
  return chosen?.value;
}

async function start(run: Run): Promise<void> {
  // Over the editor's own command, as a code action goes: what is laid over that holds here too.
  await vscode.commands.executeCommand("rolecall.run", run);
}

function here(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme === "file") {
    return editor;
  }
  void vscode.window.showInformationMessage("Rolecall: open a file of the workspace first.");
  return undefined;
}

/** `QA Engineer: write tests for x` under the heading of its role. */
function shortened(title: string, role: Role): string {
  const head = `${role.title}: `;
  return title.startsWith(head) ? title.slice(head.length) : title;
}

function situation(kind: string): string {
  const names: Record<string, string> = { quickfix: "problem", refactor: "selection", source: "file" };
  return names[kind.split(".")[0] ?? ""] ?? "";
}

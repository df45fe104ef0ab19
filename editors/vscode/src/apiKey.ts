/** The endpoint's key: in the editor's secret storage, and from there only in the server's environment. */

import * as vscode from "vscode";

export const API_KEY = "rolecall.apiKey";

export async function setApiKey(secrets: vscode.SecretStorage): Promise<void> {
  const key = await vscode.window.showInputBox({
    title: "Rolecall: API key",
    prompt: "Kept in the editor's secret storage; sent only to the endpoint of your own settings.",
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (/\s/.test(value.trim()) ? "A key has no spaces in it." : undefined),
  });
  if (key !== undefined && key.trim() !== "") {
    await secrets.store(API_KEY, key.trim());
    void vscode.window.showInformationMessage("Rolecall: the API key is set.");
  }
}

export async function removeApiKey(secrets: vscode.SecretStorage): Promise<void> {
  await secrets.delete(API_KEY);
  void vscode.window.showInformationMessage("Rolecall: the API key is removed.");
}

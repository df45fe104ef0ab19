/** The endpoint's key: in the editor's secret storage, and from there only in the server's environment. */

import * as vscode from "vscode";

export const API_KEY = "rolecall.apiKey";

/** Ask for the key; false where the user changed their mind. */
export async function setApiKey(secrets: vscode.SecretStorage): Promise<boolean> {
  const key = await vscode.window.showInputBox({
    title: "Rolecall: API key",
    prompt: "Kept in the editor's secret storage; sent only to the endpoint of your own settings.",
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (/\s/.test(value.trim()) ? "A key has no spaces in it." : undefined),
  });
  if (key === undefined || key.trim() === "") {
    return false;
  }
  await secrets.store(API_KEY, key.trim());
  return true;
}

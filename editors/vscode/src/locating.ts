/** Which `rolecall` is started. */

import * as path from "node:path";

/** Where to look, and how to tell that something is there. */
export interface Surroundings {
  /** The setting `rolecall.server.path`. */
  setting: string;
  /** The command in the extension's own virtual environment, where that was installed whole. */
  own: string | undefined;
  /** The variable PATH. */
  path: string;
  home: string;
  windows: boolean;
  isExecutable: (file: string) => boolean;
}

export type Source = "setting" | "own" | "path";

export type Located = { command: string; source: Source } | { problem: string } | undefined;

/** The setting's command, else the extension's own, else the first one found; undefined where there is none. */
export function locate(around: Surroundings): Located {
  if (around.setting !== "") {
    return fromSetting(around);
  }
  if (around.own !== undefined) {
    return { command: around.own, source: "own" };
  }
  const command = found(around, "rolecall");
  return command === undefined ? undefined : { command, source: "path" };
}

/** The first executable of that name in the folders of PATH, then in `~/.local/bin`. */
export function found(around: Surroundings, name: string): string | undefined {
  // An editor that was started from the desktop has no shell's PATH: pipx and uv put commands into ~/.local/bin.
  const folders = [
    ...around.path.split(around.windows ? ";" : ":"),
    path.join(around.home, ".local", "bin"),
  ];
  return folders
    .filter((folder) => path.isAbsolute(folder)) // a relative one would be looked up in the workspace
    .map((folder) => path.join(folder, around.windows ? `${name}.exe` : name))
    .find(around.isExecutable);
}

function fromSetting(around: Surroundings): Located {
  const command = around.setting.replace(/^~(?=[/\\])/, around.home);
  if (!path.isAbsolute(command)) {
    return { problem: `The setting rolecall.server.path is not an absolute path: ${around.setting}` };
  }
  if (!around.isExecutable(command)) {
    return { problem: `The setting rolecall.server.path names no program: ${command}` };
  }
  return { command, source: "setting" };
}

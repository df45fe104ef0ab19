/** The server in a virtual environment of the extension's own, made from the wheel that it carries. */

import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Says which steps are taken, and what the programs wrote. */
export type Log = (text: string) => void;

/** Python's executables, the newest first; each is asked for its version. */
export const PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

const IS_NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))";

/** Written last: an environment without it was not installed whole. */
const COMPLETE = ".complete";

const MOST_OUTPUT = 64 * 1024 * 1024;

export class OwnInstall {
  /**
   * @param storage the extension's global storage folder.
   * @param bundled the folder with the wheel and the pinned requirements.
   */
  constructor(
    private readonly storage: string,
    private readonly bundled: string,
    private readonly windows = process.platform === "win32",
  ) {}

  /** The installed command; undefined where this very wheel was not installed, or not whole. */
  get command(): string | undefined {
    const folder = this.folder;
    return folder !== undefined && fs.existsSync(path.join(folder, COMPLETE))
      ? this.program(folder, "rolecall")
      : undefined;
  }

  /** Whether there is an install of another wheel: the extension was updated. */
  get isOutdated(): boolean {
    return this.command === undefined && this.others().length > 0;
  }

  /**
   * Make the environment anew.
   *
   * @throws Error with what the failing program said.
   */
  async install(python: string, log: Log, signal: AbortSignal): Promise<string> {
    const { wheel, folder } = this;
    if (wheel === undefined || folder === undefined) {
      throw new Error("This build of the extension carries no wheel. Install rolecall with pip or pipx instead.");
    }
    const old = this.others();
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    for (const command of steps(python, folder, this.program(folder, "python"), this.bundled, wheel)) {
      log(command.join(" "));
      await carryOut(command, log, signal);
    }
    fs.writeFileSync(path.join(folder, COMPLETE), "");
    for (const other of old) {
      fs.rmSync(other, { recursive: true, force: true });
    }
    return this.program(folder, "rolecall");
  }

  private get wheel(): string | undefined {
    return listed(this.bundled).find((name) => name.endsWith(".whl"));
  }

  /** One folder a wheel: the same version built anew is another. */
  private get folder(): string | undefined {
    const wheel = this.wheel;
    if (wheel === undefined) {
      return undefined;
    }
    const digest = createHash("sha256").update(fs.readFileSync(path.join(this.bundled, wheel))).digest("hex");
    return path.join(this.root, `${wheel.split("-").slice(0, 2).join("-")}-${digest.slice(0, 12)}`);
  }

  private get root(): string {
    return path.join(this.storage, "server");
  }

  private others(): string[] {
    return listed(this.root)
      .map((name) => path.join(this.root, name))
      .filter((folder) => folder !== this.folder);
  }

  private program(folder: string, name: string): string {
    return this.windows ? path.join(folder, "Scripts", `${name}.exe`) : path.join(folder, "bin", name);
  }
}

/** The commands of an install: the environment, its pinned dependencies by hash, the wheel itself. */
export function steps(
  python: string,
  folder: string,
  venvPython: string,
  bundled: string,
  wheel: string,
): string[][] {
  const pip = [venvPython, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
  return [
    [python, "-m", "venv", folder],
    [...pip, "--require-hashes", "--requirement", path.join(bundled, "requirements.txt")],
    [...pip, "--no-deps", "--no-index", path.join(bundled, wheel)],
  ];
}

/** The first of these that is Python 3.11 or newer. */
export async function newEnough(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    try {
      await run(candidate, ["-c", IS_NEW_ENOUGH]);
      return candidate;
    } catch {
      // Too old, or not what its name says: the next one.
    }
  }
  return undefined;
}

async function carryOut(command: string[], log: Log, signal: AbortSignal): Promise<void> {
  const [program = "", ...rest] = command;
  try {
    const { stdout } = await run(program, rest, { signal, maxBuffer: MOST_OUTPUT });
    log(stdout);
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    log(`${stdout}${stderr}`);
    throw new Error(lastLine(`${stdout}\n${stderr}`) ?? String(error), { cause: error });
  }
}

function lastLine(text: string): string | undefined {
  return text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .at(-1);
}

function listed(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch {
    return [];
  }
}

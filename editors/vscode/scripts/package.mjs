// Makes dist/rolecall.vsix: the bundle, the server's wheel, and the pins of what the wheel needs.
// PYTHON names an interpreter that has hatchling; the default is the project's own environment.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";

const here = path.dirname(import.meta.dirname);
const root = path.resolve(here, "..", "..");
const environment = path.join(root, ".venv", "bin", "python");
const python = process.env.PYTHON ?? (existsSync(environment) ? environment : "python3");
const bundled = path.join(here, "bundled");

function run(program, args, cwd = here) {
  execFileSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}

rmSync(bundled, { recursive: true, force: true });
mkdirSync(bundled, { recursive: true });
mkdirSync(path.join(here, "dist"), { recursive: true });
run(python, ["-m", "hatchling", "build", "--target", "wheel", "--directory", bundled], root);
copyFileSync(path.join(root, "requirements", "runtime.txt"), path.join(bundled, "requirements.txt"));
copyFileSync(path.join(root, "LICENSE"), path.join(here, "LICENSE"));
copyFileSync(path.join(root, "docs", "vscode.png"), path.join(here, "images", "run.png"));
run(process.execPath, ["scripts/build.mjs"]);
run(process.execPath, [
  path.join(here, "node_modules", "@vscode", "vsce", "vsce"),
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--out",
  "dist/rolecall.vsix",
]);

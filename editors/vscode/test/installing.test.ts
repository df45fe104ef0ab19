import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { newEnough, OwnInstall, steps } from "../src/installing";

let folder = "";
let bundled = "";

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "rolecall-"));
  bundled = path.join(folder, "bundled");
  mkdirSync(bundled);
  wheel("one");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function wheel(content: string): void {
  writeFileSync(path.join(bundled, "rolecall-1.2.3-py3-none-any.whl"), content);
}

/** A Python that makes an environment whose own Python does as it is told. */
function python(script: string): string {
  const program = path.join(folder, "python");
  const inner = `#!/bin/sh\necho "$@" >> '${path.join(folder, "calls")}'\n${script}\n`;
  writeFileSync(path.join(folder, "inner"), inner, { mode: 0o755 });
  const outer = `#!/bin/sh\nmkdir -p "$3/bin" && cp '${path.join(folder, "inner")}' "$3/bin/python"\n`;
  writeFileSync(program, outer, { mode: 0o755 });
  return program;
}

function own(): OwnInstall {
  return new OwnInstall(path.join(folder, "storage"), bundled, false);
}

const silent = () => undefined;
const never = new AbortController().signal;

test("dependencies are installed by hash, and the wheel without looking anywhere", () => {
  const [venv, requirements, wheels] = steps("python3", "/env", "/env/bin/python", "/b", "r.whl");
  assert.deepEqual(venv, ["python3", "-m", "venv", "/env"]);
  assert.ok(requirements?.includes("--require-hashes"));
  assert.ok(wheels?.includes("--no-index") && wheels.includes("--no-deps") && wheels.includes("/b/r.whl"));
});

test("what was installed is found again", async () => {
  assert.equal(own().command, undefined);
  const command = await own().install(python("exit 0"), silent, never);
  assert.equal(own().command, command);
  assert.match(command, /rolecall-1\.2\.3-[0-9a-f]{12}\/bin\/rolecall$/);
});

test("an install that failed counts as none, and says what the program said", async () => {
  const install = own().install(python("echo 'No matching distribution' >&2; exit 1"), silent, never);
  await assert.rejects(install, /No matching distribution/);
  assert.equal(own().command, undefined);
});

test("an install that was cancelled counts as none", async () => {
  const install = own().install(python("exit 0"), silent, AbortSignal.abort());
  await assert.rejects(install);
  assert.equal(own().command, undefined);
});

test("another wheel, even of the same version, is installed anew in the place of the old one", async () => {
  await own().install(python("exit 0"), silent, never);
  wheel("two");
  assert.equal(own().command, undefined);
  assert.ok(own().isOutdated);
  await own().install(python("exit 0"), silent, never);
  assert.ok(own().command);
  assert.equal(readdirSync(path.join(folder, "storage", "server")).length, 1);
});

test("a build without a wheel says so", async () => {
  rmSync(bundled, { recursive: true });
  await assert.rejects(own().install("python3", silent, never), /carries no wheel/);
});

test("a Python that is too old, or none, is passed over", async () => {
  const old = path.join(folder, "old");
  const fine = path.join(folder, "fine");
  writeFileSync(old, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  writeFileSync(fine, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  assert.equal(await newEnough([path.join(folder, "gone"), old, fine]), fine);
  assert.equal(await newEnough([old]), undefined);
});

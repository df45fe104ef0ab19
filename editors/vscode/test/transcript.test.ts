import assert from "node:assert/strict";
import { test } from "node:test";

import type { TaskEvent } from "../src/protocol";
import { ending, Transcript } from "../src/transcript";
import { file, result, STARTED, task } from "./events";

function shown(events: TaskEvent[]): string {
  let text = "";
  const transcript = new Transcript(
    (piece) => (text += piece),
    () => new Date(2026, 0, 1, 9, 5, 0),
  );
  for (const event of events) {
    transcript.take(event);
  }
  return text;
}

test("an answer is shown piece by piece, between its heading and how it ended", () => {
  const say = task("t1");
  const text = shown([
    say(STARTED),
    say({ type: "delta", text: "Hello " }),
    say({ type: "delta", text: "😀\n" }),
    say({ type: "result", result: result("t1", { files: [file("a.py")] }) }),
  ]);
  assert.equal(
    text,
    "\n──── QA Engineer: test plan (09:05:00, m, t1) ────\n\nHello 😀\n\n\n" +
      "──── completed, 7 tokens, 1.2 s ────\n  applied: modify a.py +2 −1\n",
  );
});

test("the text of two tasks at once is not mixed", () => {
  const [one, two] = [task("t1"), task("t2")];
  const text = shown([
    one(STARTED),
    two(STARTED),
    one({ type: "delta", text: "AAA" }),
    two({ type: "delta", text: "BBB" }),
    one({ type: "delta", text: "aaa" }),
    one({ type: "result", result: result("t1") }),
    two({ type: "delta", text: "bbb" }),
    two({ type: "result", result: result("t2") }),
  ]);
  assert.match(text, /t1\).*AAAaaa.*completed.*t2\).*BBBbbb.*completed/s);
});

test("a task that ended while it was held back is shown whole, and the next one goes live", () => {
  const [one, two, three] = [task("t1"), task("t2"), task("t3")];
  const text = shown([
    one(STARTED),
    two(STARTED),
    two({ type: "delta", text: "BBB" }),
    two({ type: "result", result: result("t2") }),
    three(STARTED),
    one({ type: "result", result: result("t1") }),
    three({ type: "delta", text: "CCC" }),
  ]);
  assert.match(text, /t1\).*completed.*t2\).*BBB.*completed.*t3\).*CCC$/s);
});

test("a new attempt says what was void", () => {
  const say = task("t1");
  const text = shown([
    say(STARTED),
    say({ type: "delta", text: "half" }),
    say({ type: "restart" }),
    say({ type: "attempt", n: 2, of: 4, wait_s: 3, reason: "the connection was reset" }),
    say({ type: "delta", text: "whole" }),
  ]);
  assert.match(text, /half\n\[The answer begins again.*Attempt 2 of 4 in 3 s: the connection was reset.*whole$/s);
});

test("a failure is shown with what to do next", () => {
  const error = { code: "endpoint_unreachable", message: "No answer from host:1.", hint: "Start the server." };
  assert.match(ending(result("t1", { status: "failed", error })), /failed.*\nNo answer from host:1. Start the server.$/s);
});

test("why a file was not changed stands beside it", () => {
  const conflict = file("a.py", { state: "conflict", reason: "edited meanwhile" });
  assert.match(ending(result("t1", { files: [conflict] })), /conflict: modify a.py \+2 −1 \(edited meanwhile\)/);
});

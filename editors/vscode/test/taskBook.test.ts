import assert from "node:assert/strict";
import { test } from "node:test";

import { taskTitle } from "../src/protocol";
import { progress, TaskBook } from "../src/taskBook";
import { result, STARTED, task } from "./events";

test("a task is listed from its start to its result", () => {
  const book = new TaskBook();
  const say = task("t1");
  book.take(say(STARTED));
  assert.deepEqual(
    book.running.map((entry) => [entry.id, entry.title, progress(entry)]),
    [["t1", "QA Engineer: test plan", "waiting for the model"]],
  );
  const ended = result("t1");
  assert.equal(book.take(say({ type: "result", result: ended })), ended);
  assert.deepEqual(book.running, []);
});

test("progress counts the text and names the files that are complete", () => {
  const book = new TaskBook();
  const say = task("t1");
  book.take(say(STARTED));
  book.take(say({ type: "delta", text: "x".repeat(40) }));
  book.take(say({ type: "file", path: "a.py", action: "create" }));
  assert.deepEqual(book.running.map(progress), ["10 tokens · a.py"]);
});

test("after a restart nothing of the first attempt counts", () => {
  const book = new TaskBook();
  const say = task("t1");
  for (const told of [
    STARTED,
    { type: "delta", text: "x".repeat(40) },
    { type: "file", path: "a.py", action: "create" },
    { type: "restart" },
    { type: "attempt", n: 2, of: 4, wait_s: 0, reason: "reset" },
  ] as const) {
    book.take(say(told));
  }
  assert.deepEqual(book.running.map(progress), ["waiting for the model · attempt 2 of 4"]);
});

test("what another client's task says is not listed", () => {
  const book = new TaskBook();
  book.take(task("other")({ type: "delta", text: "x" }));
  assert.deepEqual(book.running, []);
});

test("a task is called after its role and its work", () => {
  assert.equal(taskTitle("devops_engineer", "ci"), "DevOps Engineer: CI");
  assert.equal(taskTitle("data-steward", null), "Data Steward: own instruction");
});

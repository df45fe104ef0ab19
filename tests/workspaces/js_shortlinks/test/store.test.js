import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../src/store.js";

test("the same link gives the same code", () => {
  const store = new Store();

  assert.equal(store.add("https://example.org/a"), store.add("https://example.org/a"));
});

import { describe, expect, it } from "vitest";
import { Overlap } from "@model";
import { book } from "./slots.js";

const at = (hour: number, minute = 0) => new Date(2024, 4, 6, hour, minute);

describe("book", () => {
  it("refuses a room that is taken", () => {
    const taken = { room: "Oak", start: at(9), end: at(10) };

    expect(() => book([taken], { room: "Oak", start: at(9, 30), end: at(11) })).toThrow(Overlap);
  });
});

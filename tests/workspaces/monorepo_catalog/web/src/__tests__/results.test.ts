import { lines } from "../results";

test("no result gives no line", () => {
  expect(lines([], 5)).toEqual([]);
});

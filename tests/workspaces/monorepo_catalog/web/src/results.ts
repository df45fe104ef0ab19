import { euros } from "./price";

export interface Item {
  sku: string;
  name: string;
  price: number;
}

/**
 * One line a result, for the list below the search box.
 * @param items what the API found
 * @param most how many lines to show, at least 1
 * @returns the lines, then "and N more" where there are more
 */
export function lines(items: Item[], most: number): string[] {
  const shown = items.slice(0, most).map((item) => `${item.name}: ${euros(item.price)}`);
  const hidden = items.length - most;
  return hidden > 0 ? [...shown, `and ${hidden} more`] : shown;
}

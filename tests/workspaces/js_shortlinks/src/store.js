import { encode } from "./codes.js";

/** Keeps links in memory. */
export class Store {
  #links = new Map();

  /**
   * Keeps a link and gives its code; the same link gives the same code.
   * @param {string} url absolute, http or https
   * @returns {string}
   * @throws {TypeError} where the URL is not absolute or has another scheme
   */
  add(url) {
    const { protocol, href } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") {
      throw new TypeError(`not a web address: ${url}`);
    }
    for (const [code, known] of this.#links) {
      if (known === href) return code;
    }
    const code = encode(this.#links.size);
    this.#links.set(code, href);
    return code;
  }

  /** The link of a code, or undefined. */
  get(code) {
    return this.#links.get(code.toLowerCase());
  }

  /** Forgets links that nobody followed. TODO: for how many days? */
  expire(now = Date.now()) {
    throw new Error("not implemented");
  }
}

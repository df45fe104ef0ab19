const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

/** Writes a whole number of 0 or more with letters that nobody mixes up. */
export function encode(number) {
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`no code for ${number}`);
  }
  let code = "";
  do {
    code = ALPHABET[number % ALPHABET.length] + code;
    number = Math.floor(number / ALPHABET.length);
  } while (number > 0);
  return code;
}

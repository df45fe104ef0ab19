/** Cents as euros: 1250 becomes "12.50 €". */
export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} €`;
}

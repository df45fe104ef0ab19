/** Whole minutes between two moments; negative where the second is earlier. */
export function minutesBetween(start: Date, end: Date): number {
  return Math.floor((end.getTime() - start.getTime()) / 60_000);
}

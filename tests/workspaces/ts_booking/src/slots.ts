import { minutesBetween } from "@lib/time.js";
import { Overlap, type Booking } from "@model";

export const SHORTEST_MINUTES = 15;
export const LONGEST_MINUTES = 8 * 60;

/**
 * Adds a booking to those of the day.
 *
 * @param bookings - of any room, in any order; not changed
 * @param wanted - from 15 minutes to 8 hours long
 * @returns all bookings, earliest first
 * @throws {@link RangeError} where the length is not allowed
 * @throws {@link Overlap} where the room is taken; bookings may touch
 */
export function book(bookings: readonly Booking[], wanted: Booking): Booking[] {
  const minutes = minutesBetween(wanted.start, wanted.end);
  if (minutes < SHORTEST_MINUTES || minutes > LONGEST_MINUTES) {
    throw new RangeError(`a booking lasts ${SHORTEST_MINUTES} to ${LONGEST_MINUTES} minutes`);
  }
  const taken = bookings.find(
    (other) => other.room === wanted.room && other.start < wanted.end && wanted.start < other.end,
  );
  if (taken) {
    throw new Overlap(taken);
  }
  return [...bookings, wanted].sort((a, b) => a.start.getTime() - b.start.getTime());
}

/** The free gaps of a room on a day. TODO: opening hours differ by building; who decides? */
export function gaps(bookings: readonly Booking[], room: string): [Date, Date][] {
  throw new Error("not implemented");
}

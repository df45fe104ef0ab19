export interface Booking {
  readonly room: string;
  readonly start: Date;
  readonly end: Date;
}

export class Overlap extends Error {
  constructor(readonly taken: Booking) {
    super(`${taken.room} is taken`);
    this.name = "Overlap";
  }
}

package org.example.parcel;

/** The parcel does not fit any tariff. */
public class TooLargeException extends RuntimeException {
    public TooLargeException(String message) {
        super(message);
    }
}

package org.example.parcel;

import java.time.LocalDate;
import java.util.Arrays;

import org.example.parcel.rates.Tariff;

/** Works out what a parcel costs. */
public final class PostageCalculator {
    private static final int INSURANCE_CENTS = 350;

    /**
     * The price of a parcel.
     *
     * @param parcel what is sent
     * @return cents, by the cheapest tariff that takes the parcel
     * @throws IllegalArgumentException if weight or length is not positive
     * @throws TooLargeException if no tariff takes the parcel
     */
    public int cents(Parcel parcel) {
        if (parcel.grams() < 0 || parcel.centimetres() < 0) {
            throw new IllegalArgumentException("weight and length must be positive");
        }
        Tariff tariff = Arrays.stream(Tariff.values())
                .filter(t -> parcel.grams() <= t.maxGrams && parcel.centimetres() <= t.maxCentimetres)
                .findFirst()
                .orElseThrow(() -> new TooLargeException("no tariff takes " + parcel));
        return tariff.cents + (parcel.insured() ? INSURANCE_CENTS : 0);
    }

    /** The day a parcel arrives. TODO: do Saturdays count? Ask the carrier. */
    public LocalDate arrival(Parcel parcel, LocalDate sent) {
        throw new UnsupportedOperationException();
    }
}

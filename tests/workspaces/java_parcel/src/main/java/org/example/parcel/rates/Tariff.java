package org.example.parcel.rates;

/** Prices in cents. */
public enum Tariff {
    SMALL(2_000, 60, 499),
    LARGE(31_500, 120, 1_099);

    public final int maxGrams;
    public final int maxCentimetres;
    public final int cents;

    Tariff(int maxGrams, int maxCentimetres, int cents) {
        this.maxGrams = maxGrams;
        this.maxCentimetres = maxCentimetres;
        this.cents = cents;
    }
}

package org.example.parcel;

/** What is sent: weight in grams, longest side in centimetres. */
public record Parcel(int grams, int centimetres, boolean insured) {}

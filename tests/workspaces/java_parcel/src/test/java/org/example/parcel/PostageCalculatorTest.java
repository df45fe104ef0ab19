package org.example.parcel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PostageCalculatorTest {
    private final PostageCalculator calculator = new PostageCalculator();

    @Test
    void aSmallParcelCostsTheSmallTariff() {
        assertThat(calculator.cents(new Parcel(500, 20, false))).isEqualTo(499);
    }

    @Test
    void aParcelThatNoTariffTakesIsRefused() {
        assertThatThrownBy(() -> calculator.cents(new Parcel(40_000, 20, false)))
                .isInstanceOf(TooLargeException.class);
    }
}

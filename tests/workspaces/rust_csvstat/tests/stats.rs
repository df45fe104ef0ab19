use csvstat::{summary, StatsError};

#[test]
fn a_column_without_numbers_is_empty() {
    assert_eq!(summary(["", " "]), Err(StatsError::Empty));
}

#[test]
fn the_mean_is_that_of_the_numbers() {
    let figures = summary(["1", "", "3"]).unwrap();

    assert_eq!(figures.mean, 2.0);
}

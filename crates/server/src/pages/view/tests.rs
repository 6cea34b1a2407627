use super::*;

#[test]
fn an_initial_is_the_first_letter_or_digit_of_a_name() {
    assert_eq!(initial("  ärger"), "Ä");
    assert_eq!(initial("«1Kp…»"), "1");
    assert_eq!(initial("…"), "?");
}

//! The one SQL text, as SQLite needs it.

/// How many parameters `sql` takes: the highest `$N` outside of literals, quoted names and comments.
pub(crate) fn parameters(sql: &str) -> usize {
    let mut highest = 0;
    rewrite(sql, |number| highest = number.max(highest));
    highest
}

/// `sql` with every parameter `$N` written `?N`: SQLite numbers `$N` by order of first appearance, so wrong values
/// would be bound without an error. Literals, quoted names and comments stay unchanged.
pub(crate) fn for_sqlite(sql: &str) -> String {
    rewrite(sql, |_| {})
}

/// Reports the number of each parameter on the way.
fn rewrite(sql: &str, mut found: impl FnMut(usize)) -> String {
    let mut made = String::with_capacity(sql.len());
    let mut rest = sql.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '$' if rest.peek().is_some_and(char::is_ascii_digit) => {
                let digits: String = rest.clone().take_while(char::is_ascii_digit).collect();
                found(digits.parse().unwrap_or(usize::MAX));
                made.push('?');
            }
            '\'' | '"' => {
                made.push(letter);
                copy_through(&mut rest, &mut made, |copied| copied == letter);
            }
            '-' if rest.peek() == Some(&'-') => {
                made.push(letter);
                copy_through(&mut rest, &mut made, |copied| copied == '\n');
            }
            '/' if rest.peek() == Some(&'*') => {
                made.push(letter);
                made.extend(rest.next());
                let mut previous = ' ';
                copy_through(&mut rest, &mut made, |copied| {
                    std::mem::replace(&mut previous, copied) == '*' && copied == '/'
                });
            }
            _ => made.push(letter),
        }
    }
    made
}

/// Copies characters up to and including the first that `is_end` accepts. A doubled quote ends one literal and begins
/// the next.
fn copy_through(rest: &mut impl Iterator<Item = char>, made: &mut String, mut is_end: impl FnMut(char) -> bool) {
    for letter in rest {
        made.push(letter);
        if is_end(letter) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_numbered_for_sqlite() {
        assert_eq!(for_sqlite("SELECT $2, $1 FROM t WHERE a=$10"), "SELECT ?2, ?1 FROM t WHERE a=?10");
    }

    #[test]
    fn as_many_parameters_are_taken_as_the_highest_number_says() {
        for (sql, count) in [
            ("SELECT 1", 0),
            ("SELECT $2, $1 FROM t WHERE a = $10 AND b = $2", 10),
            ("SELECT '$3', \"$4\" -- $5\n, /* $6 */ $1", 1),
        ] {
            assert_eq!(parameters(sql), count, "{sql}");
        }
    }

    #[test]
    fn literals_names_and_comments_stay() {
        let sql = "SELECT '$1', 'it''s $2', \"a$3\" -- $4 it's\n, $5 /* $6 ' */ , $7 /**/ $8 /*/ $9 */ $name $";
        let made = "SELECT '$1', 'it''s $2', \"a$3\" -- $4 it's\n, ?5 /* $6 ' */ , ?7 /**/ ?8 /*/ $9 */ $name $";
        assert_eq!(for_sqlite(sql), made);
    }

    proptest! {
        #[test]
        fn only_dollars_before_digits_ever_change(sql in "[$'\"/*\\-\n0-9a-c ]{0,60}") {
            let made = for_sqlite(&sql);
            prop_assert_eq!(made.len(), sql.len());
            for ((before, after), next) in sql.chars().zip(made.chars()).zip(sql.chars().skip(1).chain([' '])) {
                prop_assert!(before == after || (before == '$' && after == '?' && next.is_ascii_digit()));
            }
        }
    }
}

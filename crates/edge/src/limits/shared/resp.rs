//! RESP2, the protocol of Redis and Valkey: commands as arrays of strings, and the few kinds of replies that they are answered with.

/// The longest text in a reply: `INFO` has some kilobytes.
const LONGEST: usize = 64 * 1024;
/// The most members of an array.
const MOST: usize = 64;
/// The longest line: a length, a number, or the text of an error.
const LONGEST_LINE: usize = 4 * 1024;

/// What a server answers. Arrays do not nest: nothing that is asked is answered so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A text, or bytes.
    Text(Vec<u8>),
    /// A number.
    Number(i64),
    /// Numbers; others are no reply to what is asked.
    Numbers(Vec<i64>),
    /// Nothing.
    Nil,
    /// The command failed.
    Error(String),
}

/// It is not the protocol, or more of it than expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server does not answer as Redis does")]
pub struct Malformed;

/// Appends a command.
pub(super) fn command(to: &mut Vec<u8>, words: &[&[u8]]) {
    to.extend(format!("*{}\r\n", words.len()).bytes());
    for word in words {
        to.extend(format!("${}\r\n", word.len()).bytes());
        to.extend_from_slice(word);
        to.extend_from_slice(b"\r\n");
    }
}

/// The first reply in `bytes`, and what follows it; `None` if it is not complete yet.
///
/// # Errors
/// [`Malformed`]
pub fn first_reply(bytes: &[u8]) -> Result<Option<(Reply, &[u8])>, Malformed> {
    let Some((kind, said, rest)) = line(bytes)? else { return Ok(None) };
    Ok(match kind {
        b'+' => Some((Reply::Text(said.to_vec()), rest)),
        b'-' => Some((Reply::Error(printable(said)), rest)),
        b':' => Some((Reply::Number(number(said)?), rest)),
        b'$' => match length(said, LONGEST)? {
            None => Some((Reply::Nil, rest)),
            Some(length) => {
                let Some((text, rest)) = rest.split_at_checked(length) else { return Ok(None) };
                match rest {
                    [b'\r', b'\n', rest @ ..] => Some((Reply::Text(text.to_vec()), rest)),
                    [] | [b'\r'] => None,
                    _ => return Err(Malformed),
                }
            }
        },
        b'*' => match length(said, MOST)? {
            None => Some((Reply::Nil, rest)),
            Some(count) => numbers(count, rest)?,
        },
        _ => return Err(Malformed),
    })
}

fn numbers(count: usize, mut rest: &[u8]) -> Result<Option<(Reply, &[u8])>, Malformed> {
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        let Some((kind, said, after)) = line(rest)? else { return Ok(None) };
        if kind != b':' {
            return Err(Malformed);
        }
        found.push(number(said)?);
        rest = after;
    }
    Ok(Some((Reply::Numbers(found), rest)))
}

/// A kind, and the line that it begins.
type Line<'b> = (u8, &'b [u8], &'b [u8]);

fn line(bytes: &[u8]) -> Result<Option<Line<'_>>, Malformed> {
    let Some((kind, rest)) = bytes.split_first() else { return Ok(None) };
    let searched = rest.get(..LONGEST_LINE).unwrap_or(rest);
    let Some(end) = searched.iter().position(|byte| *byte == b'\r') else {
        return if searched.len() < LONGEST_LINE { Ok(None) } else { Err(Malformed) };
    };
    let Some((said, rest)) = rest.split_at_checked(end) else { return Err(Malformed) };
    match rest {
        [_, b'\n', rest @ ..] => Ok(Some((*kind, said, rest))),
        [_] => Ok(None),
        _ => Err(Malformed),
    }
}

fn number(digits: &[u8]) -> Result<i64, Malformed> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Malformed)
}

/// A length of at most `most`; `None` is that of nil.
fn length(digits: &[u8], most: usize) -> Result<Option<usize>, Malformed> {
    match number(digits)? {
        -1 => Ok(None),
        length => usize::try_from(length).ok().filter(|length| *length <= most).map(Some).ok_or(Malformed),
    }
}

/// For a log.
fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().take(200).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Option<Reply> {
        first_reply(bytes).unwrap().map(|(reply, rest)| {
            assert!(rest.is_empty());
            reply
        })
    }

    const REPLIES: [&[u8]; 8] = [
        b"+OK\r\n",
        b"-NOSCRIPT No matching script.\r\n",
        b":-42\r\n",
        b"$5\r\nhe\r\no\r\n",
        b"$0\r\n\r\n",
        b"$-1\r\n",
        b"*3\r\n:0\r\n:12000000\r\n:-1\r\n",
        b"*0\r\n",
    ];

    #[test]
    fn each_kind_of_reply_is_read() {
        let read: Vec<Reply> = REPLIES.iter().filter_map(|reply| whole(reply)).collect();
        let expected = [
            Reply::Text(b"OK".to_vec()),
            Reply::Error("NOSCRIPT No matching script.".to_owned()),
            Reply::Number(-42),
            Reply::Text(b"he\r\no".to_vec()),
            Reply::Text(Vec::new()),
            Reply::Nil,
            Reply::Numbers(vec![0, 12_000_000, -1]),
            Reply::Numbers(Vec::new()),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_reply_may_arrive_in_pieces_and_others_may_follow() {
        for reply in REPLIES {
            for end in 0..reply.len() {
                assert_eq!(first_reply(&reply[..end]), Ok(None), "{end} of {reply:?}");
            }
            let followed = [reply, b"+next\r\n"].concat();
            assert_eq!(first_reply(&followed).unwrap().unwrap().1, b"+next\r\n");
        }
    }

    #[test]
    fn no_byte_makes_it_panic_or_wait_for_ever() {
        for reply in REPLIES {
            for place in 0..reply.len() {
                for byte in 0..=255 {
                    let mut changed = reply.to_vec();
                    changed[place] = byte;
                    let _ = first_reply(&changed);
                }
            }
        }
        assert_eq!(first_reply(&[b'+'; 2 * LONGEST_LINE]), Err(Malformed), "a line without an end");
    }

    #[test]
    fn what_is_not_asked_for_is_refused() {
        let refused: [&[u8]; 10] = [
            b"HTTP/1.1 400 Bad Request\r\n",
            b"$65537\r\n",
            b"$-2\r\n",
            b"$3\r\nabcde",
            b"*65\r\n",
            b"*1\r\n*1\r\n:1\r\n",
            b"*1\r\n$1\r\na\r\n",
            b":1x\r\n",
            b":99999999999999999999\r\n",
            b"+OK\rX",
        ];
        for bytes in refused {
            assert_eq!(first_reply(bytes), Err(Malformed), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_hostile_answer_is_refused_as_soon_as_it_is_one() {
        let deep = b"*1\r\n".repeat(1_000_000);
        assert_eq!(first_reply(&deep), Err(Malformed), "arrays in arrays");
        assert_eq!(first_reply(&deep[..8]), Err(Malformed), "as soon as the second is read");
        let endless = vec![b'7'; 10_000_000];
        for kind in b"+-:$*" {
            assert_eq!(first_reply(&[&[*kind], &endless[..]].concat()), Err(Malformed), "{}", char::from(*kind));
        }
        for length in [
            "65537",
            "2147483648",
            "4294967295",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "340282366920938463463374607431768211456",
            "-2",
            "-65536",
            "-9223372036854775808",
            "-9223372036854775809",
            "",
            "-",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x10",
            "\u{661}",
        ] {
            for kind in ["$", "*"] {
                let said = format!("{kind}{length}\r\n");
                assert_eq!(first_reply(said.as_bytes()), Err(Malformed), "{said:?}");
            }
        }
    }

    proptest::proptest! {
        /// Whatever comes, however it is cut: the first reply is found when its last byte is there and never changes, what is malformed
        /// stays so, and nothing waits for more than any reply has.
        #[test]
        fn an_answer_means_the_same_however_it_is_cut(pieces in proptest::collection::vec(0_usize..24, 0..40)) {
            const PIECES: [&[u8]; 24] = [
                b"+", b"-", b":", b"$", b"*", b"\r\n", b"\r", b"\n", b"0", b"1", b"2", b"64", b"65", b"65536", b"-1", b"OK", b"\0", b"\xff",
                b"$2\r\n", b"*2\r\n", b":7\r\n", b"hi\r\n", b"99999999999999999999", b"+OK\r\n",
            ];
            let bytes: Vec<u8> = pieces.iter().flat_map(|piece| PIECES[*piece]).copied().collect();
            let mut found = None;
            for end in 0..=bytes.len() {
                let read = first_reply(&bytes[..end]);
                match &found {
                    None => match read {
                        Ok(None) => {}
                        Ok(Some((reply, rest))) => {
                            assert!(rest.is_empty(), "found late: {rest:?}");
                            found = Some(Ok((reply, end)));
                        }
                        Err(Malformed) => found = Some(Err(Malformed)),
                    },
                    Some(Err(Malformed)) => assert_eq!(read, Err(Malformed)),
                    Some(Ok((reply, length))) => assert_eq!(read, Ok(Some((reply.clone(), &bytes[*length..end])))),
                }
            }
        }
    }

    #[test]
    fn commands_are_arrays_of_strings() {
        let mut bytes = Vec::new();
        command(&mut bytes, &[b"SET", b"k\r\n", b""]);
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
    }
}

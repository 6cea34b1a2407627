use aws_lc_rs::hmac;

use super::*;
use crate::client::ClientAddr;

fn shared(key: &[u8]) -> Shared {
    let address = RedisAddress::parse("redis://localhost").unwrap();
    Shared::new(address, None, hmac::Key::new(hmac::HMAC_SHA256, key), Duration::from_millis(5))
}

fn add(shared: &Shared, name: &str, count: i32) -> Order {
    let quota = Quota::new(5, Duration::from_mins(1)).unwrap();
    let name = shared.name(Rule::SignIn, Scope::Id(name));
    Order { task: Task::Add(count), site: None, own: Counter { name, quota, hash: 0 }, answer: None }
}

#[test]
fn names_differ_by_rule_subject_and_installation_and_say_nothing() {
    let one = shared(b"one");
    let address = |text: &str| Network::of(ClientAddr::from(text.parse::<std::net::IpAddr>().unwrap()));
    let (v4, v6) = (address("192.0.2.1"), address("2001:db8::1"));
    let names = [
        one.name(Rule::SignIn, Scope::Address(v4)),
        one.name(Rule::SignIn, Scope::Address(v6)),
        one.name(Rule::SignIn, Scope::At(v4, "ada")),
        one.name(Rule::SignIn, Scope::At(v6, "ada")),
        one.name(Rule::SignIn, Scope::Id("ada")),
        one.name(Rule::Password, Scope::Id("ada")),
        shared(b"other").name(Rule::SignIn, Scope::Id("ada")),
    ];
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert_eq!(shared(b"one").name(Rule::SignIn, Scope::Id("ada")), names[4], "all instances use the same");
}

#[test]
fn orders_for_one_counter_are_sent_as_one() {
    let shared = shared(b"key");
    let look = |name| Order { task: Task::Look, ..add(&shared, name, 1) };
    let mut orders =
        vec![add(&shared, "a", 1), add(&shared, "b", 1), look("a"), add(&shared, "a", 1), add(&shared, "b", -1)];
    merge(&mut orders);
    let tasks: Vec<_> = orders.iter().map(|order| order.task).collect();
    assert_eq!(tasks, [Task::Add(2), Task::Add(0), Task::Look]);
}

#[test]
fn an_answer_has_a_debt_for_each_counter() {
    let shared = shared(b"key");
    let own = add(&shared, "a", 1);
    let both = Order { site: Some(own.own), ..add(&shared, "a", 1) };
    let read = |order: &Order, numbers: &[i64]| Debts::read(order, numbers);
    let debts = |site, own, refused| Some(Debts { site, own, refused });
    assert_eq!(read(&own, &[0, 7]), debts(0, 7, None));
    assert_eq!(read(&own, &[1, 7]), debts(0, 7, Some(Refused::Own)));
    assert_eq!(read(&both, &[1, 8, 7]), debts(8, 7, Some(Refused::Site)));
    assert_eq!(read(&both, &[2, 8, 7]), debts(8, 7, Some(Refused::Own)));
    for numbers in [&[][..], &[0], &[0, -1], &[0, 1, 2]] {
        assert_eq!(read(&own, numbers), None, "{numbers:?}");
    }
}

/// What becomes of a connection to a server that answers each command with the next of these.
async fn answered(answers: &[&[u8]], is_split: bool) -> Result<Connection, Away> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = RedisAddress::parse(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut asked = vec![0; 16 * 1024];
        for answer in answers {
            assert!(stream.read(&mut asked).await.unwrap() > 0);
            let pieces = if is_split { answer.chunks(1) } else { answer.chunks(64 * 1024) };
            for piece in pieces {
                // The client may have hung up.
                if stream.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
        // It says no more, and does not hang up.
        let _ = stream.read(&mut asked).await;
    };
    let opened = Connection::open(&address, None);
    tokio::select! {
        opened = opened => opened,
        () = async { server.await; std::future::pending().await } => unreachable!(),
    }
}

#[tokio::test]
async fn a_server_that_answers_without_end_or_nested_is_left_at_once() {
    let endless = vec![b'a'; 4 << 20];
    let line = [b"+", &endless[..]].concat();
    let text = [b"$65536\r\n", &endless[..]].concat();
    let nested = b"*1\r\n".repeat(1_000_000);
    let flood = b":1\r\n".repeat(1_000_000);
    for answer in
        [&line[..], &text, &nested, &flood, b"$-2\r\n", b"$18446744073709551615\r\n", b"*-9223372036854775808\r\n"]
    {
        let left = answered(&[answer], false).await.err();
        assert!(matches!(left, Some(Away::Malformed(_))), "{left:?}: {:?}", &answer[..8.min(answer.len())]);
    }
}

#[tokio::test]
async fn answers_that_arrive_byte_by_byte_are_read() {
    let sha = b"$40\r\n0123456789012345678901234567890123456789\r\n";
    let opened = answered(&[sha, b"*2\r\n:0\r\n:12000000\r\n"], true).await;
    assert!(opened.is_ok(), "{:?}", opened.err());
}

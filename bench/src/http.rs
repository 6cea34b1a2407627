//! One keep-alive connection. Requests are rendered beforehand and answers parsed only as far as needed, so that the
//! generator takes as little as possible from the server on the same two cores: about 5 µs per request, where a full
//! HTTP client takes more than the cheapest answers cost.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::system::Failure;

/// A connection to a server on this machine.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The body of an answer that came in chunks, as peers send some.
    joined: Vec<u8>,
}

/// The answer to one request, until the next is sent.
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    head: &'a [u8],
    /// The body, whole.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// Every header.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let head = std::str::from_utf8(self.head).unwrap_or_default();
        head.lines().skip(1).filter_map(|line| line.split_once(": "))
    }

    /// The text between `"name":"` and the next quote: enough of a JSON parser for tokens and codes.
    pub fn json_text(&self, name: &str) -> Option<&str> {
        let body = std::str::from_utf8(self.body).ok()?;
        let (_, rest) = body.split_once(&format!("\"{name}\":\""))?;
        rest.split('"').next()
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }
}

/// Where the head of an answer ends, and how long its body is; `None` if it comes in chunks.
struct Extent {
    status: u16,
    head: usize,
    length: Option<usize>,
}

impl Connection {
    /// Connects to `port` on this machine.
    pub async fn open(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024], joined: Vec::new() })
    }

    /// Sends a rendered request and reads its answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(2 * filled, 0);
            }
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            let received = self.buffer.get(..filled).unwrap_or_default();
            let Some(extent) = extent(received)? else { continue };
            let body = received.get(extent.head..).unwrap_or_default();
            let is_whole = match extent.length {
                Some(length) => body.len() >= length,
                None => join(body, &mut self.joined)?,
            };
            if is_whole {
                let head = self.buffer.get(..extent.head).unwrap_or_default();
                let body = match extent.length {
                    Some(length) => self.buffer.get(extent.head..extent.head + length).unwrap_or_default(),
                    None => &self.joined,
                };
                return Ok(Answer { status: extent.status, head, body });
            }
        }
    }
}

/// Joins the chunks of a body (RFC 9112 §7.1); whether the last one has arrived. Nobody here sends trailers.
fn join(mut chunks: &[u8], joined: &mut Vec<u8>) -> Result<bool, Failure> {
    joined.clear();
    while let httparse::Status::Complete((start, length)) =
        httparse::parse_chunk_size(chunks).map_err(|_| "an unreadable chunk")?
    {
        let end = start + usize::try_from(length)?;
        let Some((chunk, rest)) = chunks.get(start..end).zip(chunks.get(end + 2..)) else { break };
        if chunk.is_empty() {
            return Ok(true);
        }
        joined.extend_from_slice(chunk);
        chunks = rest;
    }
    Ok(false)
}

/// What the head of the answer at the start of `received` says; `None` while it is incomplete.
fn extent(received: &[u8]) -> Result<Option<Extent>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(received)? else { return Ok(None) };
    let status = response.code.ok_or("an answer without status")?;
    let mut length = Some(0);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = Some(std::str::from_utf8(header.value)?.parse()?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            length = None;
        }
    }
    Ok(Some(Extent { status, head, length }))
}

/// A request without body.
pub fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    render("GET", path, headers, None)
}

/// A request with a form.
pub fn post_form(path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Vec<u8> {
    post_body(path, headers, &form(fields))
}

/// A request with a form that is already rendered.
pub fn post_body(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    render("POST", path, headers, Some(("application/x-www-form-urlencoded", body)))
}

/// A request with JSON.
pub fn post_json(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    render("POST", path, headers, Some(("application/json", body)))
}

/// A request that puts JSON.
pub fn put_json(path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    render("PUT", path, headers, Some(("application/json", body)))
}

/// A request with a form of parts (RFC 7578), each with its name, the name of a file, and its content.
pub fn post_multipart(path: &str, headers: &[(&str, &str)], parts: &[(&str, Option<&str>, &str)]) -> Vec<u8> {
    const BOUNDARY: &str = "----bench";
    let mut body = String::new();
    for (name, file, content) in parts {
        body.extend(["--", BOUNDARY, "\r\nContent-Disposition: form-data; name=\"", name, "\""]);
        if let Some(file) = file {
            body.extend(["; filename=\"", file, "\"\r\nContent-Type: text/csv"]);
        }
        body.extend(["\r\n\r\n", content, "\r\n"]);
    }
    body.extend(["--", BOUNDARY, "--\r\n"]);
    render("POST", path, headers, Some((&format!("multipart/form-data; boundary={BOUNDARY}"), &body)))
}

/// The fields of a form in order.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn render(method: &str, path: &str, headers: &[(&str, &str)], body: Option<(&str, &str)>) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    if let Some((kind, body)) = body {
        let length = body.len().to_string();
        request.extend(["Content-Type: ", kind, "\r\nContent-Length: ", &length, "\r\n\r\n", body]);
    } else {
        request.push_str("\r\n");
    }
    request.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_once_the_last_one_is_there() {
        let (body, mut joined) = (b"5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n".as_slice(), Vec::new());
        for part in 0..body.len() {
            assert!(!join(&body[..part], &mut joined).unwrap(), "{part} of {} bytes", body.len());
        }
        assert!(join(body, &mut joined).unwrap());
        assert_eq!(joined, b"{\"a\":1}");
        assert!(join(b"nonsense\r\n", &mut joined).is_err());
    }
}

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

/// The offsets at which the parts of an answer end.
struct Extent {
    status: u16,
    head: usize,
    whole: usize,
}

impl Connection {
    /// Connects to `port` on this machine.
    pub async fn open(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
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
            if let Some(extent) = extent(received)?
                && filled >= extent.whole
            {
                let head = self.buffer.get(..extent.head).unwrap_or_default();
                let body = self.buffer.get(extent.head..extent.whole).unwrap_or_default();
                return Ok(Answer { status: extent.status, head, body });
            }
        }
    }
}

/// Where the answer at the start of `received` ends; `None` while its head is incomplete.
fn extent(received: &[u8]) -> Result<Option<Extent>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(received)? else { return Ok(None) };
    let status = response.code.ok_or("an answer without status")?;
    let mut length = 0;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value)?.parse()?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("chunked answers are not read".into());
        }
    }
    Ok(Some(Extent { status, head, whole: head + length }))
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

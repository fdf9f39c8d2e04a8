//! What no client can do without: a socket that blocks, TLS, and bytes that were written before.
//!
//! No connection pool, no timer, no runtime, no header but the ones that are needed, and of an
//! answer nothing is looked at but its status, its length, and the request's number.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use url::Url;

use super::rivals::{ACCOUNT, SYSTEM, USER, cpu_seconds};

struct Floor {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    line: String,
    body: Vec<u8>,
}

impl Floor {
    fn connect(url: &Url, ca: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let host = url.host_str().unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = TcpStream::connect((host, url.port_or_known_default().unwrap())).unwrap();
        tcp.set_nodelay(true).unwrap();
        let stream = BufReader::new(StreamOwned::new(tls, tcp));
        Self { stream, line: String::new(), body: Vec::new() }
    }

    /// Sends a request and takes the answer's body; the cookies that it sets are returned.
    fn call(&mut self, request: &str) -> Vec<String> {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.next_line();
        assert!(self.line.starts_with("HTTP/1.1 2"), "{}", self.line);
        let (mut length, mut cookies) = (0, Vec::new());
        while !self.next_line().is_empty() {
            let Some((name, value)) = self.line.split_once(": ") else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            } else if name.eq_ignore_ascii_case("set-cookie") {
                cookies.extend(value.split(';').next().map(str::to_owned));
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        cookies
    }

    fn next_line(&mut self) -> &str {
        self.line.clear();
        self.stream.read_line(&mut self.line).unwrap();
        self.line.trim_end()
    }
}

pub(crate) fn floor(url: &str, ca: &[u8], key: &str, cycles: u32) -> (Instant, f64) {
    let url = Url::parse(url).unwrap();
    let (path, host) = (url.path(), url.host_str().unwrap());
    let mut floor = Floor::connect(&url, ca);
    let sign_in = format!(
        "POST {path}/Auth/SignAppin HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\
         authorization: PS-Auth key={key}; runas={USER};\r\n\r\n"
    );
    let cookies = floor.call(&sign_in).join("; ");
    let head = format!(" HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\naccept: */*\r\n");
    let json = "content-type: application/json\r\ncontent-length: ";
    let find = format!(
        "GET {path}/ManagedAccounts?systemName={SYSTEM}&accountName={ACCOUNT}&limit=1000&offset=0\
         {head}\r\n"
    );
    floor.call(&find);
    let account: serde_json::Value = serde_json::from_slice(&floor.body).unwrap();
    let body = format!(
        "{{\"SystemID\":{},\"AccountID\":{},\"DurationMinutes\":5,\"Reason\":\"bench\",\
         \"ConflictOption\":\"renew\"}}",
        account["SystemId"], account["AccountId"]
    );
    let ask = format!("POST {path}/Requests{head}{json}{}\r\n\r\n{body}", body.len());
    let start = (Instant::now(), cpu_seconds());
    for _ in 0..cycles {
        floor.call(&find);
        floor.call(&ask);
        let id = std::str::from_utf8(&floor.body).unwrap().trim().to_owned();
        floor.call(&format!("GET {path}/Credentials/{id}?type=password{head}\r\n"));
        floor.call(&format!("PUT {path}/Requests/{id}/Checkin{head}{json}2\r\n\r\n{{}}"));
    }
    start
}

//! `multipart/form-data` (RFC 7578) with one part of JSON and one file.

use std::ops::Range;

use zeroize::Zeroizing;

use super::json::Written;

/// A body of parts.
pub(crate) struct Form {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) media_type: String,
    /// Where secrets of the metadata stand in it, as texts of JSON.
    pub(crate) secrets: Vec<Range<usize>>,
}

/// The boundary is one that the contents do not hold.
pub(crate) fn multipart(
    metadata: Option<&Written>,
    field: &str,
    file_name: &str,
    file: &[u8],
) -> Form {
    let secrets_in = |metadata: &Written| metadata.secrets.clone();
    let secrets = metadata.map(secrets_in).unwrap_or_default();
    let metadata = metadata.map(|written| written.bytes.as_slice());
    let held = |boundary: &str| {
        let holds = |bytes: &[u8]| bytes.windows(boundary.len()).any(|w| w == boundary.as_bytes());
        holds(file) || metadata.is_some_and(holds)
    };
    let mut number = 0_u32;
    let mut boundary = "keyferry-part-0".to_owned();
    while held(&boundary) {
        number += 1;
        boundary = format!("keyferry-part-{number}");
    }
    let metadata_head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"secretmetadata\"\r\n\
         Content-Type: application/json\r\n\r\n"
    );
    let file_head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        quoted(file_name)
    );
    let tail = format!("--{boundary}--\r\n");
    let sizes = [metadata_head.len(), file_head.len(), tail.len(), file.len(), 4];
    let size = sizes.iter().sum::<usize>() + metadata.map_or(0, <[u8]>::len);
    // Sized first: a buffer that grows leaves copies behind that nobody wipes.
    let mut body = Zeroizing::new(Vec::with_capacity(size));
    if let Some(json) = metadata {
        for piece in [metadata_head.as_bytes(), json, b"\r\n"] {
            body.extend_from_slice(piece);
        }
    }
    for piece in [file_head.as_bytes(), file, b"\r\n", tail.as_bytes()] {
        body.extend_from_slice(piece);
    }
    let head = metadata_head.len();
    let moved = |range: Range<usize>| range.start + head..range.end + head;
    Form {
        bytes: body,
        media_type: format!("multipart/form-data; boundary={boundary}"),
        secrets: secrets.into_iter().map(moved).collect(),
    }
}

/// A file name inside quotes, as browsers write it (RFC 7578, 4.2, and the HTML standard).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::{Form, multipart};

    #[test]
    fn boundary_is_one_that_the_file_does_not_hold() {
        let file = b"--keyferry-part-0\r\nkeyferry-part-1";
        let metadata = crate::body::Json::of_members(|_| {});
        let Form { bytes: body, media_type: kind, .. } =
            multipart(Some(&metadata), "files", "a\"b.txt", file);
        assert_eq!(kind, "multipart/form-data; boundary=keyferry-part-2");
        let text = String::from_utf8(body.to_vec()).unwrap();
        let expected = "--keyferry-part-2\r\n\
            Content-Disposition: form-data; name=\"secretmetadata\"\r\n\
            Content-Type: application/json\r\n\r\n{}\r\n--keyferry-part-2\r\n\
            Content-Disposition: form-data; name=\"files\"; filename=\"a%22b.txt\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\
            --keyferry-part-0\r\nkeyferry-part-1\r\n--keyferry-part-2--\r\n";
        assert_eq!(text, expected);
    }
}

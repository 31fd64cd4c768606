//! The rows of one object, counted as its bytes arrive.
//!
//! Depends on `domain`. Held in memory are the first rows, for the sample, and the last one, for the
//! newest record; rows of one object were extracted in order.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use jiff::Timestamp;
use memchr::{memchr_iter, memchr2_iter, memrchr};
use serde_json::{Map, Value};

use crate::domain::text::visible;

/// The most that is kept of the first rows, and of the last.
const KEPT: usize = 1 << 20;

/// What the connector writes and we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    csv: bool,
    gzip: bool,
}

impl Format {
    /// Tells the format by a key's ending; `None` for what is listed and not read.
    pub(super) fn of(key: &str) -> Option<Format> {
        let (key, gzip) = key
            .strip_suffix(".gz")
            .map_or((key, false), |key| (key, true));
        let ending = key.rsplit_once('.').map(|(_, ending)| ending);
        match ending {
            Some("csv") => Some(Format { csv: true, gzip }),
            Some("jsonl") => Some(Format { csv: false, gzip }),
            _ => None,
        }
    }
}

/// What was read of one object.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    pub(super) rows: u64,
    pub(super) newest: Option<Timestamp>,
    pub(super) sample: Vec<Map<String, Value>>,
}

/// Reads one object.
pub(super) enum Reader {
    Plain(Counter),
    Packed(Box<MultiGzDecoder<Counter>>),
}

impl Reader {
    pub(super) fn new(format: Format, sample: usize) -> Reader {
        let rows = Counter {
            csv: format.csv,
            sample,
            ..Counter::default()
        };
        if format.gzip {
            Reader::Packed(Box::new(MultiGzDecoder::new(rows)))
        } else {
            Reader::Plain(rows)
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They are not what the key's ending promises.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Reader::Plain(rows) => {
                rows.take(bytes);
                Ok(())
            }
            Reader::Packed(decoder) => decoder.write_all(bytes).map_err(|_why| not_gzip()),
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    /// It is cut short.
    pub(super) fn finish(self) -> Result<Read, String> {
        match self {
            Reader::Plain(rows) => Ok(rows.finish()),
            Reader::Packed(decoder) => decoder
                .finish()
                .map(Counter::finish)
                .map_err(|_why| not_gzip()),
        }
    }
}

fn not_gzip() -> String {
    "it is not whole gzip, as its name says".to_owned()
}

/// Counts rows and keeps the first ones and the last.
#[derive(Default)]
pub(super) struct Counter {
    csv: bool,
    sample: usize,
    rows: u64,
    quoted: bool,
    head: Vec<u8>,
    last: Vec<u8>,
    tail: Vec<u8>,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Counter {
    fn take(&mut self, bytes: &[u8]) {
        self.keep_head(bytes);
        let ends = if self.csv {
            self.csv_ends(bytes)
        } else {
            line_ends(bytes)
        };
        self.rows += ends.count;
        let Some(end) = ends.last else {
            keep(&mut self.tail, bytes);
            return;
        };
        let start = ends.before_last.map(|at| at + 1);
        let piece = bytes.get(start.unwrap_or(0)..end).unwrap_or_default();
        if start.is_some() {
            self.last.clear();
        } else {
            std::mem::swap(&mut self.last, &mut self.tail);
        }
        keep(&mut self.last, piece);
        self.tail.clear();
        keep(&mut self.tail, bytes.get(end + 1..).unwrap_or_default());
    }

    /// The first rows are kept whole; for CSV the header is one of them.
    fn keep_head(&mut self, bytes: &[u8]) {
        if self.rows <= self.sample as u64 && self.head.len() < KEPT {
            keep(&mut self.head, bytes);
        }
    }

    /// A line feed within quotes is part of a value.
    fn csv_ends(&mut self, bytes: &[u8]) -> Ends {
        let mut ends = Ends::default();
        for at in memchr2_iter(b'"', b'\n', bytes) {
            if bytes.get(at) == Some(&b'"') {
                self.quoted = !self.quoted;
            } else if !self.quoted {
                ends.count += 1;
                ends.before_last = ends.last.replace(at);
            }
        }
        ends
    }

    fn finish(mut self) -> Read {
        if !self.tail.is_empty() {
            self.rows += 1;
            self.last = std::mem::take(&mut self.tail);
        }
        if self.csv {
            self.finish_csv()
        } else {
            self.finish_json()
        }
    }

    fn finish_json(self) -> Read {
        let parsed = |line: &[u8]| serde_json::from_slice::<Map<String, Value>>(line).ok();
        let sample = self
            .head
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .take(self.sample);
        Read {
            rows: self.rows,
            newest: parsed(&self.last)
                .and_then(|row| extracted_at(row.get("_airbyte_extracted_at"))),
            sample: sample.filter_map(parsed).map(own_fields).collect(),
        }
    }

    fn finish_csv(self) -> Read {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(self.head.as_slice());
        let header = reader.headers().cloned().unwrap_or_default();
        let row = |record: &csv::StringRecord| -> Map<String, Value> {
            header
                .iter()
                .zip(record)
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect()
        };
        let sample = reader
            .records()
            .flatten()
            .take(self.sample)
            .map(|record| own_fields(row(&record)))
            .collect();
        let mut last = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(self.last.as_slice());
        let last = last.records().flatten().next();
        Read {
            // The header is no row.
            rows: self.rows.saturating_sub(1),
            newest: last.and_then(|record| extracted_at(row(&record).get("_airbyte_extracted_at"))),
            sample,
        }
    }
}

#[derive(Default)]
struct Ends {
    count: u64,
    last: Option<usize>,
    before_last: Option<usize>,
}

fn line_ends(bytes: &[u8]) -> Ends {
    let last = memrchr(b'\n', bytes);
    Ends {
        count: memchr_iter(b'\n', bytes).count() as u64,
        last,
        before_last: last.and_then(|at| memrchr(b'\n', bytes.get(..at)?)),
    }
}

/// Appends what fits; a row longer than that is counted and not shown.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT.saturating_sub(kept.len());
    kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

/// Milliseconds since 1970, as a number or as its text.
fn extracted_at(value: Option<&Value>) -> Option<Timestamp> {
    let value = value?;
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match number {
        Some(ms) => Timestamp::from_millisecond(ms).ok(),
        None => value.as_str()?.parse().ok(),
    }
}

/// Takes the source's own fields out of a row, safe to show.
fn own_fields(mut row: Map<String, Value>) -> Map<String, Value> {
    let data = match row.remove("_airbyte_data") {
        Some(Value::Object(data)) => data,
        _ => row
            .into_iter()
            .filter(|(name, _)| !name.starts_with("_airbyte_"))
            .collect(),
    };
    data.into_iter()
        .map(|(name, value)| (visible(&name), shown(value)))
        .collect()
}

fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(shown).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(k, v)| (visible(&k), shown(v)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn read(key: &str, bytes: &[u8], piece: usize) -> Result<Read, String> {
        let mut reader = Reader::new(Format::of(key).unwrap(), 2);
        for piece in bytes.chunks(piece) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn jsonl(rows: usize) -> Vec<u8> {
        let row = |i| {
            format!(
                "{{\"_airbyte_extracted_at\":{},\"_airbyte_data\":{{\"id\":{i},\"name\":\"a\\u001b[2J\"}}}}\n",
                1_000 + i
            )
        };
        (0..rows).map(row).collect::<String>().into_bytes()
    }

    #[test]
    fn rows_are_counted_however_the_bytes_are_cut() {
        for piece in [1, 7, 64, 100_000] {
            let found = read("a.jsonl", &jsonl(50), piece).unwrap();
            assert_eq!((found.rows, found.sample.len()), (50, 2), "{piece}");
            assert_eq!(found.newest, Timestamp::from_millisecond(1_049).ok());
            assert_eq!(read("a.jsonl.gz", &gzip(&jsonl(50)), piece).unwrap(), found);
        }
    }

    #[test]
    fn the_sample_shows_control_characters_and_lets_them_do_nothing() {
        let found = read("a.jsonl", &jsonl(1), 9).unwrap();
        assert_eq!(found.sample[0]["name"], "a␛[2J");
    }

    #[test]
    fn a_last_row_without_its_line_feed_counts() {
        let mut bytes = jsonl(3);
        bytes.pop();
        assert_eq!(read("a.jsonl", &bytes, 5).unwrap().rows, 3);
        assert_eq!(read("a.jsonl", b"", 5).unwrap(), Read::default());
    }

    #[test]
    fn several_members_of_gzip_are_one_object() {
        let bytes = [gzip(&jsonl(3)), gzip(&jsonl(4))].concat();
        assert_eq!(read("a.jsonl.gz", &bytes, 11).unwrap().rows, 7);
    }

    #[test]
    fn csv_rows_may_hold_line_feeds_in_quotes() {
        let text = "_airbyte_extracted_at,id,note\n1000,1,\"two\nlines, \"\"quoted\"\"\"\n2000,2,plain\n3000,3,\"\"\n";
        for piece in [1, 5, 1_000] {
            let found = read("a.csv", text.as_bytes(), piece).unwrap();
            assert_eq!(found.rows, 3);
            assert_eq!(found.newest, Timestamp::from_millisecond(3_000).ok());
            assert_eq!(found.sample[0]["note"], "two␊lines, \"quoted\"");
            assert_eq!(
                read("a.csv.gz", &gzip(text.as_bytes()), piece).unwrap(),
                found
            );
        }
    }

    #[test]
    fn what_is_not_gzip_is_said_to_be_none() {
        assert!(read("a.jsonl.gz", b"hello", 5).is_err());
        let whole = gzip(&jsonl(100));
        assert!(read("a.jsonl.gz", &whole[..whole.len() / 2], 50).is_err());
    }

    #[test]
    fn other_formats_are_listed_and_not_read() {
        assert_eq!(Format::of("a.parquet"), None);
        assert_eq!(Format::of("a.avro"), None);
    }
}

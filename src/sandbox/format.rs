//! The files that the S3 connector writes: JSON lines and CSV, plain or gzipped, each row in the
//! connector's envelope. Avro and Parquet are heads without rows.

use std::io::Write;

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Builder;

/// How a destination wants its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    kind: Kind,
    gzip: bool,
    /// The source's fields beside the envelope's, not in one of them.
    flat: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Jsonl,
    Csv,
    Avro,
    Parquet,
}

impl Format {
    /// Reads a configuration that fits the connector's schema. Lines are gzipped unless it says no.
    pub(super) fn of(configuration: &Value) -> Self {
        let text = |path| configuration.pointer(path).and_then(Value::as_str);
        let kind = match text("/format/format_type") {
            Some("CSV") => Kind::Csv,
            Some("Avro") => Kind::Avro,
            Some("Parquet") => Kind::Parquet,
            Some(_) | None => Kind::Jsonl,
        };
        Self {
            kind,
            gzip: text("/format/compression/compression_type") != Some("No Compression"),
            flat: text("/format/flattening") == Some("Root level flattening"),
        }
    }

    /// What a file's name ends in.
    pub(super) fn extension(self) -> &'static str {
        match (self.kind, self.gzip) {
            (Kind::Jsonl, false) => ".jsonl",
            (Kind::Jsonl, true) => ".jsonl.gz",
            (Kind::Csv, false) => ".csv",
            (Kind::Csv, true) => ".csv.gz",
            (Kind::Avro, _) => ".avro",
            (Kind::Parquet, _) => ".parquet",
        }
    }

    /// An empty file of a stream with these fields.
    pub(super) fn file(self, fields: &'static [&'static str]) -> File {
        let plain = Vec::new();
        let lines = matches!(self.kind, Kind::Jsonl | Kind::Csv);
        let mut file = File {
            format: self,
            fields,
            sink: if self.gzip && lines {
                Sink::Gzip(GzEncoder::new(plain, Compression::fast()))
            } else {
                Sink::Plain(plain)
            },
        };
        file.head();
        file
    }
}

/// What every row of one file has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sync {
    /// The job.
    pub(super) id: u64,
    /// When the rows were read.
    pub(super) extracted_at: Timestamp,
}

/// The columns before the source's own.
const ENVELOPE: [&str; 4] = [
    "_airbyte_raw_id",
    "_airbyte_extracted_at",
    "_airbyte_meta",
    "_airbyte_generation_id",
];
const DATA: &str = "_airbyte_data";

/// Which generation rows that are appended belong to, always.
pub(super) const GENERATION: u64 = 0;

/// A file that is being written.
pub(super) struct File {
    format: Format,
    fields: &'static [&'static str],
    sink: Sink,
}

enum Sink {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl File {
    fn head(&mut self) {
        match self.format.kind {
            Kind::Jsonl => {}
            Kind::Csv => {
                let own: &[&str] = if self.format.flat {
                    self.fields
                } else {
                    &[DATA]
                };
                let columns = ENVELOPE.iter().chain(own);
                let columns = columns.map(|name| (*name).to_owned()).collect();
                self.write(csv(columns).as_bytes());
            }
            Kind::Avro => self.write(b"Obj\x01"),
            Kind::Parquet => self.write(b"PAR1"),
        }
    }

    /// Writes a row under an id that the generator makes; returns how many bytes its data had.
    pub(super) fn row(&mut self, sync: Sync, rng: &mut Rng, data: &Map<String, Value>) -> u64 {
        // Texts and numbers, which can always be written.
        let text = serde_json::to_string(data).unwrap_or_default();
        match self.format.kind {
            Kind::Jsonl => {
                let line = self.line(sync, rng, &text);
                self.write(line.as_bytes());
            }
            Kind::Csv => {
                let mut cells = envelope(sync, rng).to_vec();
                if self.format.flat {
                    let value = |name: &&str| data.get(*name).map_or_else(String::new, cell_of);
                    cells.extend(self.fields.iter().map(value));
                } else {
                    cells.push(text.clone());
                }
                self.write(csv(cells).as_bytes());
            }
            // A size to look at, and nothing to read: a tenth, as such files tend to have.
            Kind::Avro | Kind::Parquet => {
                let filler = vec![0; text.len() / 10];
                self.write(&filler);
            }
        }
        u64::try_from(text.len()).unwrap_or(u64::MAX)
    }

    /// A row as one line, around its data as it is: most of the work of a sync.
    fn line(&self, sync: Sync, rng: &mut Rng, data: &str) -> String {
        let [raw_id, extracted_at, meta, generation] = ENVELOPE;
        let [id, at, changes, number] = envelope(sync, rng);
        let own = if self.format.flat {
            data.trim_start_matches('{').to_owned()
        } else {
            format!("\"{DATA}\":{data}}}")
        };
        format!(
            "{{\"{raw_id}\":\"{id}\",\"{extracted_at}\":{at},\"{meta}\":{changes},\"{generation}\":{number},{own}\n"
        )
    }

    /// The file's content.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.format.kind == Kind::Parquet {
            self.write(b"PAR1");
        }
        match self.sink {
            Sink::Plain(bytes) => bytes,
            // Writing to memory does not fail.
            Sink::Gzip(encoder) => encoder.finish().unwrap_or_default(),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match &mut self.sink {
            Sink::Plain(file) => file.extend_from_slice(bytes),
            // Writing to memory does not fail.
            Sink::Gzip(encoder) => encoder.write_all(bytes).unwrap_or_default(),
        }
    }
}

/// The four values before a row's own, each as a cell.
fn envelope(sync: Sync, rng: &mut Rng) -> [String; 4] {
    let at = sync.extracted_at.as_millisecond();
    let mut random = [0; 10];
    rng.fill(&mut random);
    let id = Builder::from_unix_timestamp_millis(at.unsigned_abs(), &random).into_uuid();
    [
        id.to_string(),
        at.to_string(),
        format!("{{\"sync_id\":{},\"changes\":[]}}", sync.id),
        GENERATION.to_string(),
    ]
}

/// A value as a cell: texts bare, nothing for null, JSON for what is nested.
fn cell_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A record by RFC 4180: quoted where it must be, ended by CR and LF.
fn csv(cells: Vec<String>) -> String {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', '\r', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let mut line = cells.into_iter().map(quoted).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use serde_json::json;

    use super::*;

    const FIELDS: &[&str] = &["id", "name", "address", "gone"];

    fn written(format: &Value) -> Vec<u8> {
        let data = json!({"id": 1, "name": "Reda, \"R\"", "address": {"city": "X"}, "gone": null});
        let mut file = Format::of(&json!({ "format": format })).file(FIELDS);
        let at = Timestamp::from_millisecond(1_795_428_003_121).unwrap();
        let sync = Sync {
            id: 123,
            extracted_at: at,
        };
        let bytes = file.row(sync, &mut Rng::with_seed(1), data.as_object().unwrap());
        assert_eq!(bytes, data.to_string().len() as u64);
        file.finish()
    }

    fn text(format: &Value) -> String {
        String::from_utf8(written(format)).unwrap()
    }

    #[test]
    fn a_line_is_the_connectors_envelope() {
        let plain =
            json!({"format_type": "JSONL", "compression": {"compression_type": "No Compression"}});
        let line = text(&plain);
        let (id, rest) = line
            .strip_prefix("{\"_airbyte_raw_id\":\"")
            .unwrap()
            .split_at(36);
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
        assert_eq!(
            rest,
            "\",\"_airbyte_extracted_at\":1795428003121,\"_airbyte_meta\":{\"sync_id\":123,\"changes\":[]},\
             \"_airbyte_generation_id\":0,\"_airbyte_data\":{\"id\":1,\"name\":\"Reda, \\\"R\\\"\",\
             \"address\":{\"city\":\"X\"},\"gone\":null}}\n"
        );
        let mut flat = plain;
        flat["flattening"] = json!("Root level flattening");
        assert!(text(&flat).ends_with(
            "\"_airbyte_generation_id\":0,\"id\":1,\"name\":\"Reda, \\\"R\\\"\",\"address\":{\"city\":\"X\"},\"gone\":null}\n"
        ));
    }

    #[test]
    fn without_a_word_about_compression_it_is_gzip() {
        let format = json!({"format_type": "JSONL"});
        let mut line = String::new();
        GzDecoder::new(written(&format).as_slice())
            .read_to_string(&mut line)
            .unwrap();
        assert!(line.starts_with("{\"_airbyte_raw_id\"") && line.ends_with("}\n"));
        assert_eq!(written(&format), written(&format));
    }

    #[test]
    fn csv_has_the_envelopes_columns_first() {
        let mut csv = json!({"format_type": "CSV", "flattening": "No flattening",
            "compression": {"compression_type": "No Compression"}});
        let file = text(&csv);
        let mut lines = file.split("\r\n");
        let head = "_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,_airbyte_generation_id";
        assert_eq!(lines.next().unwrap(), format!("{head},_airbyte_data"));
        assert!(lines.next().unwrap().ends_with(
            ",1795428003121,\"{\"\"sync_id\"\":123,\"\"changes\"\":[]}\",0,\
             \"{\"\"id\"\":1,\"\"name\"\":\"\"Reda, \\\"\"R\\\"\"\"\",\"\"address\"\":{\"\"city\"\":\"\"X\"\"},\"\"gone\"\":null}\""
        ));
        csv["flattening"] = json!("Root level flattening");
        let file = text(&csv);
        assert!(file.starts_with(&format!("{head},id,name,address,gone\r\n")));
        assert!(file.ends_with(",0,1,\"Reda, \"\"R\"\"\",\"{\"\"city\"\":\"\"X\"\"}\",\r\n"));
    }

    #[test]
    fn each_format_has_its_ending() {
        for (format, extension, magic) in [
            (
                json!({"format_type": "JSONL"}),
                ".jsonl.gz",
                &b"\x1f\x8b"[..],
            ),
            (
                json!({"format_type": "JSONL", "compression": {"compression_type": "No Compression"}}),
                ".jsonl",
                b"{",
            ),
            (
                json!({"format_type": "CSV", "compression": {"compression_type": "GZIP"}}),
                ".csv.gz",
                b"\x1f\x8b",
            ),
            (json!({"format_type": "Avro"}), ".avro", b"Obj\x01"),
            (json!({"format_type": "Parquet"}), ".parquet", b"PAR1"),
        ] {
            assert_eq!(
                Format::of(&json!({"format": format})).extension(),
                extension
            );
            assert!(written(&format).starts_with(magic), "{extension}");
        }
        assert!(written(&json!({"format_type": "Parquet"})).ends_with(b"PAR1"));
    }
}

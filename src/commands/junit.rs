//! The ladder as JUnit XML, which every CI system reads: one suite, one case a rung.
//!
//! Depends on quick-xml, rustix, tempfile and `domain`. The texts are those of the other outputs, redacted
//! and sanitized before they came here.

use std::fs::{Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use rustix::fs::OFlags;

use crate::domain::failure::{Code, Failure};
use crate::domain::ladder::{Rung, Status, Step};
use crate::domain::text::{reason, sanitize};

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// What is reported.
#[derive(Debug)]
pub(super) struct Suite<'a> {
    /// The rungs that ended.
    pub(super) steps: &'a [Step],
    /// What kept the rest from being walked, if anything did.
    pub(super) broken_off: Option<&'a Failure>,
    /// What is told of the run itself, as (name, value).
    pub(super) properties: &'a [(&'static str, String)],
    /// When it began.
    pub(super) began: Timestamp,
    /// How long it took.
    pub(super) took: Duration,
}

/// One case.
enum Case<'a> {
    Walked(&'a Step),
    /// The rung at which the run was broken off.
    BrokenOff(Rung, &'a Failure),
    NotReached(Rung),
}

impl Suite<'_> {
    fn cases(&self) -> Vec<Case<'_>> {
        let mut cases: Vec<Case<'_>> = self.steps.iter().map(Case::Walked).collect();
        let Some(failure) = self.broken_off else {
            return cases;
        };
        let walked = |rung: &Rung| self.steps.iter().any(|step| step.rung == *rung);
        let mut rest = Rung::ALL.into_iter().filter(|rung| !walked(rung));
        cases.extend(rest.next().map(|rung| Case::BrokenOff(rung, failure)));
        cases.extend(rest.map(Case::NotReached));
        cases
    }

    /// Writes the document.
    ///
    /// # Errors
    /// None that memory knows.
    fn document(&self) -> io::Result<Vec<u8>> {
        let cases = self.cases();
        let count = |wanted: fn(&Case<'_>) -> bool| {
            let found = cases.iter().filter(|case| wanted(case));
            found.count().to_string()
        };
        let tests = cases.len().to_string();
        let failures = count(|case| matches!(case, Case::Walked(s) if s.status == Status::Fail));
        let errors = count(|case| matches!(case, Case::BrokenOff(..)));
        let skipped = count(|case| match case {
            Case::Walked(step) => step.status == Status::Skip,
            Case::BrokenOff(..) => false,
            Case::NotReached(_) => true,
        });
        let time = seconds(self.took);
        let at = self.began.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let all = [
            ("name", "embedctl check"),
            ("tests", &tests),
            ("failures", &failures),
            ("errors", &errors),
            ("time", &time),
        ];
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer
            .create_element("testsuites")
            .with_attributes(all)
            .write_inner_content(|writer| {
                writer
                    .create_element("testsuite")
                    .with_attributes(all)
                    .with_attributes([
                        ("skipped", skipped.as_str()),
                        ("timestamp", at.as_str()),
                        ("hostname", "localhost"),
                    ])
                    .write_inner_content(|writer| {
                        self.write_properties(writer)?;
                        cases.iter().try_for_each(|case| case.write(writer))
                    })?;
                Ok(())
            })?;
        let mut document = writer.into_inner();
        document.push(b'\n');
        Ok(document)
    }

    fn write_properties(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer
            .create_element("properties")
            .write_inner_content(|writer| {
                for (name, value) in self.properties {
                    writer
                        .create_element("property")
                        .with_attributes([("name", *name), ("value", &allowed(value))])
                        .write_empty()?;
                }
                Ok(())
            })?;
        Ok(())
    }
}

impl Case<'_> {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (rung, took) = match self {
            Case::Walked(step) => (step.rung, step.took),
            Case::BrokenOff(rung, _) | Case::NotReached(rung) => (*rung, Duration::ZERO),
        };
        writer
            .create_element("testcase")
            .with_attributes([
                ("classname", "embedctl.check"),
                ("name", rung.name()),
                ("time", &seconds(took)),
            ])
            .write_inner_content(|writer| match self {
                Case::NotReached(_) => skipped(writer, "not reached"),
                Case::BrokenOff(_, failure) => failed(writer, "error", failure),
                Case::Walked(step) => match (step.status, &step.failure) {
                    (Status::Skip, _) => skipped(writer, &step.detail),
                    (_, Some(failure)) => failed(writer, "failure", failure),
                    (Status::Warn, _) => said(writer, &format!("warning: {}", step.detail)),
                    (_, None) => said(writer, &step.detail),
                },
            })?;
        Ok(())
    }
}

fn skipped(writer: &mut Writer<Vec<u8>>, why: &str) -> io::Result<()> {
    writer
        .create_element("skipped")
        .with_attribute(("message", allowed(why).as_str()))
        .write_empty()?;
    Ok(())
}

fn failed(writer: &mut Writer<Vec<u8>>, element: &str, failure: &Failure) -> io::Result<()> {
    let parts = [("because", &failure.because), ("hint", &failure.hint)];
    let lines = parts.iter().filter_map(|(label, text)| {
        let text = text.as_ref()?;
        Some(format!("{label}: {text}"))
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    writer
        .create_element(element)
        .with_attributes([
            ("message", allowed(&failure.message).as_str()),
            ("type", failure.code.name()),
        ])
        .write_text_content(BytesText::new(&allowed(&text)))?;
    Ok(())
}

fn said(writer: &mut Writer<Vec<u8>>, text: &str) -> io::Result<()> {
    writer
        .create_element("system-out")
        .write_text_content(BytesText::new(&allowed(text)))?;
    Ok(())
}

/// Takes out what XML 1.0 cannot carry in any spelling.
fn allowed(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\u{fffe}' | '\u{ffff}'))
        .collect()
}

fn seconds(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64())
}

/// Writes the suite where it belongs: a file whole or not at all, a pipe or a device as it is.
///
/// # Errors
/// The disk refuses; a file that was there is there still.
pub(super) fn write(path: &Path, suite: &Suite<'_>) -> Result<(), Failure> {
    let written = suite.document().and_then(|document| put(path, &document));
    written.map_err(|e| {
        let path = sanitize(&path.display().to_string());
        Failure::new(Code::MachineDisk, "the JUnit file could not be written")
            .because(format!("{path}: {}", reason(&e)))
            .hint("name a file in a folder that is writable with --junit")
    })
}

fn put(path: &Path, document: &[u8]) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(metadata) if metadata.is_file() && !is_stream(path) => {
            replace(&path.canonicalize()?, Some(&metadata), document)
        }
        // A link that leads nowhere yet is written through as well.
        Err(_) if !path.is_symlink() => replace(path, None, document),
        Ok(_) | Err(_) => append(path, document),
    }
}

/// Whether a path leads over a link that the system keeps, as /dev/stdout does: what it stands for is
/// a stream of this process, even where that goes to a file.
fn is_stream(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let (Ok(target), Some(name)) = (path.read_link(), path.file_name()) else {
            return false;
        };
        let Ok(folder) = folder_of(&path).canonicalize() else {
            return false;
        };
        let link = folder.join(name);
        if link.starts_with("/dev") || link.starts_with("/proc") {
            return true;
        }
        path = folder.join(target);
    }
    false
}

/// Writes into what is there, behind what it has already. A pipe that nobody reads is not waited for.
fn append(path: &Path, document: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path);
    let unread = Some(rustix::io::Errno::NXIO.raw_os_error());
    file.map_err(|e| {
        if e.raw_os_error() == unread {
            io::Error::other("nobody reads it")
        } else {
            e
        }
    })?
    .write_all(document)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    folder
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn replace(path: &Path, present: Option<&Metadata>, document: &[u8]) -> io::Result<()> {
    // Others read it: what a new file is given, or what the old one has.
    let mode = present.map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))?;
    file.write_all(document)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rung: Rung, status: Status, detail: &str) -> Step {
        Step {
            rung,
            status,
            took: Duration::from_millis(40),
            detail: detail.to_owned(),
            failure: (status == Status::Fail).then(|| {
                Failure::new(Code::AuthRefused, "Airbyte refused <it> & \"that\"")
                    .because("it answered 401")
                    .hint("copy \u{1b}\u{fffe}it ]]> again")
            }),
        }
    }

    fn suite(steps: &[Step], broken_off: Option<&Failure>) -> String {
        let suite = Suite {
            steps,
            broken_off,
            properties: &[("api", "v1".to_owned())],
            began: "2026-01-02T03:04:05.9Z".parse().unwrap(),
            took: Duration::from_millis(1_234),
        };
        String::from_utf8(suite.document().unwrap()).unwrap()
    }

    #[test]
    fn each_status_has_its_element() {
        let steps = [
            step(Rung::Config, Status::Pass, "9 of 9"),
            step(Rung::Auth, Status::Fail, "Airbyte refused"),
            step(Rung::Organization, Status::Skip, "needs auth"),
            step(Rung::Bucket, Status::Warn, "not sure"),
        ];
        insta::assert_snapshot!(suite(&steps, None), @r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="embedctl check" tests="4" failures="1" errors="0" time="1.234">
  <testsuite name="embedctl check" tests="4" failures="1" errors="0" time="1.234" skipped="1" timestamp="2026-01-02T03:04:05" hostname="localhost">
    <properties>
      <property name="api" value="v1"/>
    </properties>
    <testcase classname="embedctl.check" name="config" time="0.040">
      <system-out>9 of 9</system-out>
    </testcase>
    <testcase classname="embedctl.check" name="auth" time="0.040">
      <failure message="Airbyte refused &lt;it&gt; &amp; &quot;that&quot;" type="auth.refused">because: it answered 401
hint: copy it ]]&gt; again</failure>
    </testcase>
    <testcase classname="embedctl.check" name="organization" time="0.040">
      <skipped message="needs auth"/>
    </testcase>
    <testcase classname="embedctl.check" name="bucket" time="0.040">
      <system-out>warning: not sure</system-out>
    </testcase>
  </testsuite>
</testsuites>
"#);
    }

    #[test]
    fn a_run_that_was_broken_off_is_an_error_where_it_was() {
        let steps = [step(Rung::Config, Status::Pass, "9 of 9")];
        let failure = Failure::new(Code::Cancelled, "stopped by a signal before the end");
        let text = suite(&steps, Some(&failure));
        assert!(
            text.contains("tests=\"8\" failures=\"0\" errors=\"1\""),
            "{text}"
        );
        assert!(text.contains("skipped=\"6\""), "{text}");
        let auth = text.split("name=\"auth\"").nth(1).unwrap();
        assert!(
            auth.trim_start()
                .starts_with("time=\"0.000\">\n      <error message=\"stopped"),
            "{auth}"
        );
    }
}

//! The streams as bars, and a few rows of the selected one.
//!
//! Depends on the page's state, on `pen`, `theme`. The streams come first; the rows take what is left.

use ratatui::text::Line;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{INDENT, ROOMY, age, ago};
use crate::domain::landing::{Landing, SampleRow, Stream};
use crate::domain::text::{counted, fit, grouped, sanitize};
use crate::tui::model::Model;
use crate::tui::mouse::Click;
use crate::tui::pen::Row;
use crate::tui::rows;
use crate::tui::theme::{Look, Role};
use crate::tui::view::Drawn;

/// The columns of the streams at one width.
struct Columns {
    name: usize,
    bar: usize,
    rows: usize,
    bytes: usize,
    newest: usize,
    objects: Option<usize>,
    width: usize,
}

impl Columns {
    const MARK: usize = 3;
    const ROWS: usize = 11;
    const BYTES: usize = 8;
    const NEWEST: usize = 12;
    const OBJECTS: usize = 9;

    /// Names come before bars: a bar is read as well when it is short.
    fn of(streams: &[Stream], heading: &str, width: usize) -> Columns {
        let with_objects = width >= 70;
        let fixed = Self::MARK + 1 + Self::ROWS + 2 + 2 + Self::BYTES + 3 + Self::NEWEST;
        let fixed = fixed + if with_objects { Self::OBJECTS } else { 0 };
        let free = width.saturating_sub(fixed);
        let longest = streams.iter().map(|s| sanitize(&s.name).width()).max();
        // Where width is dear the bars give way altogether.
        let bars = if with_objects { 6 } else { 0 };
        let most = free.saturating_sub(bars).clamp(10, 40);
        let name = longest.unwrap_or(0).max(heading.width()).clamp(10, most);
        let bar = free.saturating_sub(name).min(60);
        let rows = Self::MARK + name + 1;
        let bytes = rows + Self::ROWS + 2 + bar + 2;
        let newest = bytes + Self::BYTES + 3;
        Columns {
            name,
            bar,
            rows,
            bytes,
            newest,
            objects: with_objects.then_some(newest + Self::NEWEST),
            width,
        }
    }
}

/// Returns how many streams a page has, below it so many lines of notes.
pub(super) fn page_rows(model: &Model, landing: &Landing, notes: usize, height: usize) -> usize {
    let sample = if landing.sample.is_empty() || height < 10 {
        0
    } else {
        6
    };
    let room = height.saturating_sub(1 + notes + sample).max(1);
    let count = model.data.shown().count();
    // One line tells which of them are shown, where not all are.
    let told = usize::from(count > room || model.data.filter.is_on());
    count.min(room.saturating_sub(told)).max(1)
}

/// Draws the streams, what is to be said of them, and the selected one's first rows.
pub(super) fn lines(
    model: &Model,
    landing: &Landing,
    notes: Vec<Line<'static>>,
    width: usize,
    height: usize,
) -> Drawn {
    let streams = &landing.streams;
    let heading = model.data.filter.heading(model.look(), "Stream");
    let columns = Columns::of(streams, &heading, width);
    let page = page_rows(model, landing, notes.len(), height);
    let at = model.data.selected();
    let from = at / page * page;
    let mut drawn = Drawn::still(vec![headings(model.look(), &columns, heading)]);
    let shown: Vec<&Stream> = model.data.shown().collect();
    if shown.is_empty() {
        let row = Row::new(model.look()).at(Columns::MARK);
        let text = "No stream holds that text.";
        drawn.lines.push(row.until(Role::Quiet, text, width).line());
    }
    let weight = weigh(streams);
    let most = streams.iter().map(weight).max().unwrap_or(0);
    for (i, stream) in shown.iter().enumerate().skip(from).take(page) {
        drawn.click_line(Click::Stream(i));
        drawn.lines.push(stream_line(
            model,
            &columns,
            stream,
            filled(weight(stream), most, columns.bar),
            i == at,
        ));
    }
    let lines = &mut drawn.lines;
    let all = model.data.filter.is_on().then_some(streams.len());
    let place = rows::place(from, page, shown.len(), all);
    if !place.is_empty() {
        lines.resize(1 + page, Line::default());
        lines.push(
            Row::new(model.look())
                .right(Role::Quiet, place, width)
                .line(),
        );
    }
    lines.extend(notes);
    let left = height.saturating_sub(lines.len());
    if let Some(stream) = shown.get(at) {
        let gap = usize::from(left >= ROOMY / 2);
        let rows = first_rows(model.look(), landing, stream, width, left - gap.min(left));
        if !rows.is_empty() {
            lines.extend((0..gap).map(|_| Line::default()));
            lines.extend(rows);
        }
    }
    drawn
}

/// What the bars stand for: the rows, or the bytes where no rows are counted.
fn weigh(streams: &[Stream]) -> fn(&Stream) -> u64 {
    if streams.iter().all(|stream| stream.rows.is_none()) {
        |stream| stream.bytes
    } else {
        |stream| stream.rows.unwrap_or(0)
    }
}

fn headings(look: Look<'_>, columns: &Columns, name: String) -> Line<'static> {
    let row = Row::new(look)
        .at(Columns::MARK)
        .fit(Role::Quiet, name, columns.name)
        .at(columns.rows)
        .put(Role::Quiet, format!("{:>1$}", "Rows", Columns::ROWS))
        .at(columns.bytes)
        .put(Role::Quiet, format!("{:>1$}", "Bytes", Columns::BYTES))
        .at(columns.newest)
        .put(Role::Quiet, "Newest");
    match columns.objects {
        Some(at) => row
            .at(at)
            .put(Role::Quiet, format!("{:>1$}", "Objects", Columns::OBJECTS)),
        None => row,
    }
    .line()
}

fn stream_line(
    model: &Model,
    columns: &Columns,
    stream: &Stream,
    full: usize,
    selected: bool,
) -> Line<'static> {
    let (mark, name) = if selected {
        (" ▸", Role::Strong)
    } else {
        ("  ", Role::Text)
    };
    let rows = stream.rows.map_or("–".to_owned(), count);
    let newest = stream
        .newest
        .map_or("–".to_owned(), |at| ago(age(model, at)));
    let row = Row::new(model.look())
        .put(Role::Text, mark)
        .at(Columns::MARK)
        .fit_ends(name, sanitize(&stream.name), columns.name)
        .at(columns.rows)
        .put(Role::Text, format!("{:>1$}", rows, Columns::ROWS))
        .put(Role::Text, "  ")
        .put(Role::Text, "▓".repeat(full))
        .at(columns.bytes)
        .put(
            Role::Text,
            format!("{:>1$}", size(stream.bytes), Columns::BYTES),
        )
        .at(columns.newest)
        .until(Role::Text, newest, columns.width);
    match columns.objects {
        Some(at) => row.at(at).put(
            Role::Text,
            format!("{:>1$}", grouped(stream.objects), Columns::OBJECTS),
        ),
        None => row,
    }
    .line()
}

/// Writes a count; a billion and more in millions, so that it keeps to its column.
fn count(rows: u64) -> String {
    match rows {
        0..1_000_000_000 => grouped(rows),
        _ => format!("{}M", grouped(rows / 1_000_000)),
    }
}

/// How many cells of a bar are full; something is never drawn as nothing.
fn filled(part: u64, whole: u64, cells: usize) -> usize {
    let whole = u128::from(whole).max(1);
    let full = (u128::from(part) * cells as u128).div_ceil(whole);
    usize::try_from(full).map_or(cells, |full| full.min(cells))
}

/// Writes a size for a person: `999 B`, `4.1 kB`, `412 kB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let bytes = u128::from(bytes);
    let mut unit = 1;
    let mut name = "B";
    for next in UNITS {
        name = next;
        unit *= 1000;
        if (bytes + unit / 2) / unit < 1000 {
            break;
        }
    }
    let tenths = (bytes * 10 + unit / 2) / unit;
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", (bytes + unit / 2) / unit)
    }
}

/// One column of the rows.
struct Field<'a> {
    name: &'a str,
    width: usize,
    number: bool,
}

/// The first rows of a stream as a small table: as many columns and rows as fit.
fn first_rows(
    look: Look<'_>,
    landing: &Landing,
    stream: &Stream,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let rows: Vec<&SampleRow> = landing
        .sample
        .iter()
        .filter(|row| row.stream == stream.name)
        .take(height.saturating_sub(2))
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let (fields, left_out) = fields(&rows, width);
    let more = match left_out {
        0 => String::new(),
        n => counted(n, "more column"),
    };
    let title = format!("{}, first rows", sanitize(&stream.name));
    let mut lines = vec![
        Row::new(look)
            .at(INDENT)
            .until(Role::Strong, title, width)
            .right(Role::Quiet, more, width)
            .line(),
    ];
    let line = |role: Role, cell: &dyn Fn(&Field<'_>) -> String| {
        let mut row = Row::new(look);
        let mut column = INDENT + 1;
        for field in &fields {
            let text = fit(&cell(field), field.width);
            let pad = if field.number {
                field.width.saturating_sub(text.width())
            } else {
                0
            };
            row = row.at(column + pad).until(role, text, width);
            column += field.width + 2;
        }
        row.line()
    };
    lines.push(line(Role::Quiet, &|field| sanitize(field.name)));
    for row in rows {
        lines.push(line(Role::Text, &|field| {
            let text = row.fields.get(field.name).map_or(String::new(), text);
            look.guarded(&text).into_owned()
        }));
    }
    lines
}

/// The columns that fit, in the order of the first rows, and how many do not.
fn fields<'a>(rows: &[&'a SampleRow], width: usize) -> (Vec<Field<'a>>, usize) {
    const WIDEST: usize = 28;
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.fields.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut fields = Vec::new();
    let mut column = INDENT + 1;
    for name in &names {
        let values = rows.iter().filter_map(|row| row.fields.get(*name));
        let widest = values.clone().map(|value| text(value).width()).max();
        let wanted = widest.unwrap_or(0).max(sanitize(name).width());
        let room = width.saturating_sub(column);
        // The last one may be cut, but not to nothing.
        let least = wanted.min(8);
        if room < least {
            break;
        }
        let width = wanted.clamp(1, WIDEST).min(room);
        fields.push(Field {
            name,
            width,
            number: values.clone().all(Value::is_number),
        });
        column += width + 2;
    }
    let left_out = names.len() - fields.len();
    (fields, left_out)
}

/// A value as it is shown in a cell.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => sanitize(text),
        Value::Null => "–".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            sanitize(&value.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_a_person_would_say_them() {
        let said = [
            0,
            999,
            1_000,
            4_149,
            21_499,
            999_499,
            999_500,
            1_250_000,
            u64::MAX,
        ]
        .map(size);
        assert_eq!(
            said,
            [
                "0 B", "999 B", "1.0 kB", "4.1 kB", "21 kB", "999 kB", "1.0 MB", "1.3 MB", "18 EB"
            ]
        );
    }

    #[test]
    fn a_bar_of_something_is_never_empty() {
        assert_eq!(
            [0, 1, 500, 1000].map(|n| filled(n, 1000, 10)),
            [0, 1, 5, 10]
        );
        assert_eq!(filled(0, 0, 10), 0);
    }
}

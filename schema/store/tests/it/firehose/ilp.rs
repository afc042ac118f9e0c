//! A reader of the line protocol, written after QuestDB's description of it and not after any writer of it:
//!
//! ```text
//! table[,symbol=value…] name=value[,name=value…] timestamp LF
//! ```
//!
//! In names and symbols a space, comma, equals sign, line end and backslash stand after a backslash; in strings a quote,
//! line end and backslash. `123i` is an integer, `123t` a timestamp in microseconds, `"…"` a string; the timestamp at the
//! end counts nanoseconds.

use std::collections::BTreeMap;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Symbol(String),
    Integer(i64),
    Micros(i64),
    Text(String),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) table: String,
    pub(crate) columns: BTreeMap<String, Value>,
    pub(crate) nanos: i64,
}

/// Reads lines. The error says what is against the protocol, and where.
pub(crate) fn read(text: &str) -> Result<Vec<Line>, String> {
    let mut reader = Reader { rest: text };
    let mut lines = Vec::new();
    while !reader.rest.is_empty() {
        let left = reader.rest.len();
        let line = reader.line().map_err(|error| format!("{error}, in the line at byte {}", text.len() - left))?;
        lines.push(line);
    }
    Ok(lines)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn line(&mut self) -> Result<Line, String> {
        let table = self.name()?;
        let mut columns = BTreeMap::new();
        while self.take(',') {
            let name = self.name()?;
            self.expect('=')?;
            let value = self.name()?;
            put(&mut columns, name, Value::Symbol(value))?;
        }
        self.expect(' ')?;
        loop {
            let name = self.name()?;
            self.expect('=')?;
            let value = self.value()?;
            put(&mut columns, name, value)?;
            if !self.take(',') {
                break;
            }
        }
        self.expect(' ')?;
        let nanos = self.number()?;
        self.expect('\n')?;
        Ok(Line { table, columns, nanos })
    }

    /// A name, or a symbol's value: not empty, up to an unescaped delimiter.
    fn name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.chars().next() {
                Some('\\') => {
                    self.expect('\\')?;
                    name.push(self.escaped(" ,=\n\r\\")?);
                }
                None | Some(' ' | ',' | '=' | '\n' | '\r') => break,
                Some(other) => {
                    self.expect(other)?;
                    name.push(other);
                }
            }
        }
        if name.is_empty() { Err("an empty name or symbol".to_owned()) } else { Ok(name) }
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.take('"') {
            return self.quoted().map(Value::Text);
        }
        let number = self.number()?;
        match (self.take('i'), self.take('t')) {
            (true, false) => Ok(Value::Integer(number)),
            (false, true) => Ok(Value::Micros(number)),
            _ => Err(format!("a number without a type: {number}")),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.rest.chars().next() {
                None => return Err("a string without an end".to_owned()),
                Some('"') => break,
                Some('\\') => {
                    self.expect('\\')?;
                    text.push(self.escaped("\"\n\r\\")?);
                }
                Some('\n' | '\r') => return Err("a bare line end in a string".to_owned()),
                Some(other) => {
                    self.expect(other)?;
                    text.push(other);
                }
            }
        }
        self.expect('"')?;
        Ok(text)
    }

    fn escaped(&mut self, those: &str) -> Result<char, String> {
        let next = self.rest.chars().next().filter(|&next| those.contains(next)).ok_or("a backslash before nothing")?;
        self.expect(next)?;
        Ok(next)
    }

    fn number(&mut self) -> Result<i64, String> {
        let sign = usize::from(self.rest.starts_with('-'));
        let digits = self.rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(sign + digits);
        self.rest = rest;
        number.parse().map_err(|error| format!("{number:?} is no number: {error}"))
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("no {wanted:?} before {:.20?}", self.rest)) }
    }
}

fn put(columns: &mut BTreeMap<String, Value>, name: String, value: Value) -> Result<(), String> {
    if columns.contains_key(&name) {
        return Err(format!("column {name} twice"));
    }
    columns.insert(name, value);
    Ok(())
}

#[test]
fn the_reader_knows_the_protocol() {
    let line = &read("a\\ b,s=x\\,y n=-5i,t=\"q\\\"\\\\ ,=\",at=7t 1000\n").unwrap()[0];
    assert_eq!((line.table.as_str(), line.nanos), ("a b", 1000));
    let expected = [
        ("at", Value::Micros(7)),
        ("n", Value::Integer(-5)),
        ("s", Value::Symbol("x,y".into())),
        ("t", Value::Text("q\"\\ ,=".into())),
    ];
    assert_eq!(line.columns, expected.map(|(name, value)| (name.to_owned(), value)).into());
    for bad in [
        "t n=1i 5",
        "t n=1i\n",
        "t 5\n",
        "t,s= n=1i 5\n",
        "t n=1 5\n",
        "t n=\"x 5\n",
        "t n=\"x\n\" 5\n",
        "t n=1i,n=2i 5\n",
        "t n=1i 5 6\n",
        "t,s=a,s=b n=1i 5\n",
        "t n=1i 99999999999999999999\n",
        "t\\n n=1i 5\n",
        "\n",
    ] {
        assert!(read(bad).is_err(), "{bad:?}");
    }
}

use super::*;

fn compile(text: &str) -> LogFormat {
    LogFormat::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A line's fields as text; `None` for absent ones.
fn fields(format: &LogFormat, line: &str) -> Result<Vec<Option<String>>, Mismatch> {
    let mut slots = Slots::default();
    format.read(line.as_bytes(), &mut slots)?;
    let text = |field| slots.get(line.as_bytes(), field).map(|text| String::from_utf8_lossy(text).into_owned());
    Ok((0..format.field_count()).map(text).collect())
}

/// What is read of a line by a format, `|` between fields, `∅` for absent ones; or what is wrong.
fn read(format: &str, line: &str) -> String {
    let format = compile(format);
    match fields(&format, line) {
        Ok(fields) => fields.into_iter().map(|text| text.unwrap_or("∅".to_owned())).collect::<Vec<_>>().join("‖"),
        Err(mismatch) => format.describe(&mismatch),
    }
}

#[test]
fn the_string_is_read_as_haproxy_reads_it() {
    let cases = [
        // The documentation's own: all the same.
        (r"%{+Q}o\ %t\ %s\ %{-Q}r", "%{+Q}o %t %s %{-Q}r"),
        (r#""%{+Q}o %t %s %{-Q}r""#, "%{+Q}o %t %s %{-Q}r"),
        (r"'%{+Q}o %t %s %{-Q}r'", "%{+Q}o %t %s %{-Q}r"),
        (r#""%{+Q}o %t"' %s %{-Q}r'"#, "%{+Q}o %t %s %{-Q}r"),
        (r#""%{+Q}o %t"' %s'\ %{-Q}r"#, "%{+Q}o %t %s %{-Q}r"),
        (r#"  log-format "%ci \"%r\""  "#, "%ci \"%r\""),
        (r#"log-format %ci\ \"%r\""#, "%ci \"%r\""),
        (r#"'{"s":%ST,"b":%B}'"#, r#"{"s":%ST,"b":%B}"#),
        (r#"{"s":%ST,"b":%B}"#, r#"{"s":%ST,"b":%B}"#),
        // A shell has taken the quotes off.
        (r#"%ci "%r" %ST"#, r#"%ci "%r" %ST"#),
        (r#"%ci \"%r\" %ST"#, r#"%ci "%r" %ST"#),
        (r#""%r" %ST"#, r#""%r" %ST"#),
        (r#"it's %ST ok"#, "it's %ST ok"),
        (r#""%ST\x20%B\x22""#, "%ST %B\""),
        ("\"${HAPROXY_TCP_LOG_FMT} %ID\"", &format!("{TCPLOG} %ID")),
    ];
    for (given, held) in cases {
        assert_eq!(compile(given).text(), held, "{given}");
    }
}

#[test]
fn what_is_no_format() {
    let cases = [
        ("", 1, "empty"),
        ("no field", 1, "no field"),
        ("%ci %nope", 5, "no alias %nope"),
        ("%CI", 1, "%ci is"),
        ("%cix", 1, "right behind it"),
        ("%ci 100% of", 8, "%%"),
        ("%ci %", 5, "%%"),
        ("%ci %{+Q r", 5, "} is missing"),
        ("%ci %{+Q} r", 5, "stand before"),
        ("%{+Z}r", 1, "no flag"),
        ("%{+json}o %ci", 1, "encodes"),
        ("%ci %[var(txn.a)", 5, "] is missing"),
        ("%ci %[]", 5, "no expression"),
        ("%ci%cp", 4, "nothing parts %ci from %cp"),
        ("%[var(a)]%[var(b)] %ST", 10, "nothing parts"),
        ("%ST%B", 4, "nothing parts"),
        ("\"%ci", 1, "not closed"),
        ("'%ci", 1, "not closed"),
        ("\"%ci\\n%ST\"", 5, "line feed"),
        ("\"%ci ${MY_FORMAT}\"", 6, "known to HAProxy alone"),
        ("\"%ci \\x0g\"", 6, "hexadecimal"),
    ];
    for (text, position, reason) in cases {
        let error = LogFormat::compile(text).expect_err(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.reason.contains(reason), "{text}: {error}");
    }
    let long = "%ST ".repeat(MAX_FIELDS + 1);
    assert!(LogFormat::compile(&long).unwrap_err().reason.contains("at most"));
    assert!(LogFormat::compile(&"x".repeat(MAX_FORMAT_BYTES + 1)).unwrap_err().reason.contains("at most"));
}

#[test]
fn traps_of_lines() {
    let cases = [
        ("%ci:%cp %ST", "127.0.0.1:80 200", "127.0.0.1‖80‖200"),
        ("%ci:%cp %ST", "2001:db8::7:80 -1", "2001:db8::7‖80‖-1"),
        ("%ci:%cp %ST", "unix:1 0", "unix‖1‖0"),
        ("%ci:%cp %ST", "-:- 200", "-‖-‖200"),
        ("%ST %B %Ta", "200 +15 +3", "200‖+15‖+3"),
        ("%TR/%Tw/%Ta", "-1/-1/0", "-1‖-1‖0"),
        ("%b/%s %rc", "be/<NOSRV> +1", "be‖<NOSRV>‖+1"),
        ("%Ts%ms %ST", "1795307774913 200", "1795307774‖913‖200"),
        ("%tsc%ts %ST", "--NI-- 200", "--NI‖--‖200"),
        ("%ST%hr %B", "200{a b} 1", "200‖a b‖1"),
        // Captures: there, absent, empty; the blanks around absent ones are merged.
        ("%sq/%bq %hr %hs %{+Q}r", "0/0 {a|b c} {d} \"GET / HTTP/1.1\"", "0‖0‖a|b c‖d‖GET / HTTP/1.1"),
        ("%sq/%bq %hr %hs %{+Q}r", "0/0 {a} \"GET / HTTP/1.1\"", "0‖0‖a‖∅‖GET / HTTP/1.1"),
        ("%sq/%bq %hr %hs %{+Q}r", "0/0 \"<BADREQ>\"", "0‖0‖∅‖∅‖<BADREQ>"),
        ("%ST %hr", "200 {}", "200‖"),
        ("%ST %hr", "200 ", "200‖∅"),
        ("%ST %hr", "200", "200‖∅"),
        ("%hr %ST", "200", "∅‖200"),
        ("%{+Q}hr %ST", "\"{a\\]b}\" 200", "a\\]b‖200"),
        // A request that is cut, with and without what stands behind it.
        ("%ST %{+Q}r", "200 \"GET /cut", "200‖GET /cut"),
        ("%ST %{+Q}r %B", "200 \"GET /cut", "200‖GET /cut‖∅"),
        ("%ST %hr %{+Q}r", "200 {a|b|cu", "200‖a|b‖∅"),
        ("%ST %hr %{+Q}r", "200 {cu", "200‖∅‖∅"),
        // Free text: what is left between the two sides.
        ("%ST %r %B", "200 GET /a b c HTTP/1.1 15", "200‖GET /a b c HTTP/1.1‖15"),
        ("%[req.hdr(ua)] %ST %ts", "x 1 -- y 200 --", "x 1 -- y‖200‖--"),
        ("%ST \"%[req.hdr(ua)]\" %B", "200 \"a\" 404 \"b\" 15", "200‖a\" 404 \"b‖15"),
        ("%ST [%[req.hdr(ua)]] %hr %B", "200 [a] b] {c} 15", "200‖a] b‖c‖15"),
        ("%ST [%[req.hdr(ua)]] %hr %B", "200 [a] b] 15", "200‖a] b‖∅‖15"),
        // Escapes: a quote with a backslash before it ends nothing.
        ("%{+Q,+E}[req.hdr(a)] %{+Q,+E}[req.hdr(b)] %ST", r#""a\" \"b" "\\" 200"#, r#"a\" \"b‖\\‖200"#),
        ("%{+Q}o %ci %{-Q}cp %[var(a)] %ST", "\"::1\" 80 \"\" 200", "::1‖80‖‖200"),
        ("%{+X}o %ci:%cp %Ts %{-X}ST", "7F000001:D82A 6B0238FF 200", "7F000001‖D82A‖6B0238FF‖200"),
        // Blanks that follow each other in the format are one.
        (" %ST   %B ", "200 15 ", "200‖15"),
        ("%ST   %B ", "200 15", "200‖15"),
        ("%%%ST%%", "%200%", "200"),
        ("%[src] %[fc_err]/%[ssl_fc_err,hex] %[ssl_fc_sni]/%sslv/%sslc", "::1 0/00A1 a/b/-/-", "::1‖0‖00A1‖a/b‖-‖-"),
        ("%T %ST", "22/Nov/2026:00:36:14 +0000 200", "22/Nov/2026:00:36:14 +0000‖200"),
    ];
    for (format, line, expected) in cases {
        assert_eq!(read(format, line), expected, "{format} on {line}");
    }
}

#[test]
fn lines_that_are_none_of_the_format() {
    let cases = [
        ("%ci:%cp %ST", "127.0.0.1:80 abc", "column 14: not a value for %ST (status)"),
        ("%ci:%cp %ST", "nobody:80 200", "column 1: not a value for %ci (address)"),
        ("%ci:%cp %ST", "127.0.0.1:80", "column 1: \" \" should stand here"),
        ("SF1 %ST", "SF2 200", "column 1: \"SF1 \" should stand here"),
        ("%ST %B", "200 1 2", "column 5: not a value for %B (count)"),
        ("%t x", "31/Nov/2026:00:00:00.000 x", "column 1: not a value for %t (date)"),
        ("%ST [%t]", "200 [21/Nov", "column 6: the line is too short for %t (date)"),
        ("%ST \"%[req.hdr(a)]\"", "200 \"abc", "column 6: \"\\\"\" should stand here"),
        ("[%ts]", "[--] x", "column 5: the format ends here, the line goes on"),
    ];
    for (format, line, expected) in cases {
        assert_eq!(read(format, line), expected, "{format} on {line}");
    }
}

#[test]
fn what_is_ambiguous_is_said() {
    let cases: &[(&str, &[(usize, &str)])] = &[
        (HTTPLOG, &[]),
        (HTTPSLOG, &[]),
        (TCPLOG, &[]),
        ("%ST %[req.hdr(a)] %B", &[]),
        ("%ST %[req.hdr(a)] %[req.hdr(b)] %B", &[(5, "end at the first one")]),
        ("%{+Q}[req.hdr(a)] %{+Q}[req.hdr(b)]", &[(1, "%{+Q,+E}[req.hdr(a)]")]),
        ("%{+Q,+E}[req.hdr(a)] %{+Q,+E}[req.hdr(b)]", &[]),
        ("%[var(txn.a)] %[var(txn.b)] %ST", &[(1, "no blank")]),
        ("%ST %hrl", &[(5, "how many captures")]),
    ];
    for (format, expected) in cases {
        let format = compile(format);
        let warnings = format.warnings();
        assert_eq!(warnings.len(), expected.len(), "{}: {warnings:?}", format.text());
        for (warning, (position, text)) in warnings.iter().zip(*expected) {
            assert_eq!(warning.position, *position, "{warning:?}");
            assert!(warning.text.contains(text), "{warning:?}");
        }
    }
}

#[test]
fn an_explanation_has_every_token() {
    let lines = compile("%ci:%cp %{+Q}r %[var(txn.cid)]").explain();
    let expected = [
        "format: %ci:%cp %{+Q}r %[var(txn.cid)]",
        "   1  %ci              address       the client's address; takes what is left when the rest is read",
        "      \":\"              literal",
        "   5  %cp              port          the client's port",
        "      \" \\\"\"            literal",
        "   9  %{+Q}r           request line  the request line; in quotes",
        "      \"\\\" \"            literal",
        "  16  %[var(txn.cid)]  word          the variable txn.cid",
        "warning: at character 16: taken to hold no blank, which HAProxy does not see to: %[var(txn.cid)]",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_mark_stands_under_the_place() {
    let format = compile("%ci:%cp %ST");
    let line = b"127.0.0.1:80 a\x1bc";
    let mismatch = format.read(line, &mut Slots::default()).unwrap_err();
    assert_eq!(format.mark(line, &mismatch), ["127.0.0.1:80 a?c".to_owned(), "             ^".to_owned()]);
    let long = format!("{} {}", "x".repeat(300), "y".repeat(300));
    let format = compile("%[var(a)] %ST");
    let mismatch = format.read(long.as_bytes(), &mut Slots::default()).unwrap_err();
    let [shown, mark] = format.mark(long.as_bytes(), &mismatch);
    assert_eq!(shown.chars().nth(mark.len() - 1), Some('y'));
    assert!(shown.chars().count() <= 100, "{shown}");
}

#[test]
fn every_alias_is_known_by_its_name() {
    for alias in alias::ALIASES {
        let format = compile(&format!("%{}", alias.name));
        assert_eq!(format.field_token(0), Some(format!("%{}", alias.name).as_str()));
    }
}

//! CSV (RFC 4180) with the line and column of every cell, so that errors can point at them.

/// One cell; line and column count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub line: u32,
    pub column: u32,
}

/// Splits CSV text into rows of cells. The separator is whichever of comma, semicolon and tab the first line has most
/// of. Empty lines are left out.
///
/// # Errors
/// Line, column and reason when a quoted cell does not end or goes on after its closing quote.
pub fn parse(text: &str) -> Result<Vec<Vec<Cell>>, (u32, u32, &'static str)> {
    let separator = separator(text);
    let mut rows = Vec::new();
    let mut row: Vec<Cell> = Vec::new();
    let mut chars = Cursor {
        chars: text.chars().peekable(),
        line: 1,
        column: 1,
    };
    loop {
        let (line, column) = (chars.line, chars.column);
        let cell = if chars.peek() == Some('"') {
            chars.quoted()?
        } else {
            chars.bare(separator)
        };
        row.push(Cell {
            text: cell,
            line,
            column,
        });
        match chars.next() {
            Some(c) if c == separator => continue,
            Some('\r' | '\n') => {}
            None => {}
            Some(_) => return Err((chars.line, chars.column - 1, "text after a closing quote")),
        }
        if row.iter().any(|cell| !cell.text.trim().is_empty()) {
            rows.push(std::mem::take(&mut row));
        }
        row.clear();
        if chars.peek().is_none() {
            return Ok(rows);
        }
    }
}

fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let count = |c: char| first.chars().filter(|x| *x == c).count();
    // The last of equals wins in max_by_key: comma stands last.
    ['\t', ';', ',']
        .into_iter()
        .max_by_key(|c| count(*c))
        .unwrap_or(',')
}

struct Cursor<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    line: u32,
    column: u32,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let mut c = self.chars.next()?;
        if c == '\r' {
            if self.chars.peek() == Some(&'\n') {
                self.chars.next();
            }
            c = '\n';
        }
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn bare(&mut self, separator: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            if c == separator || c == '\n' || c == '\r' {
                break;
            }
            text.push(c);
            self.next();
        }
        text
    }

    fn quoted(&mut self) -> Result<String, (u32, u32, &'static str)> {
        let start = (self.line, self.column);
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') if self.peek() == Some('"') => {
                    self.next();
                    text.push('"');
                }
                Some('"') => return Ok(text),
                Some(c) => text.push(c),
                None => return Err((start.0, start.1, "a quoted cell that does not end")),
            }
        }
    }
}

/// One cell for writing, quoted when it must be. Cells that a spreadsheet would run as a formula get a quote mark
/// before them (OWASP, CSV injection).
pub fn escape(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rows: &[Vec<Cell>]) -> Vec<Vec<&str>> {
        rows.iter()
            .map(|row| row.iter().map(|cell| cell.text.as_str()).collect())
            .collect()
    }

    #[test]
    fn quotes_separators_and_line_ends() {
        let rows = parse("a;b\r\n\"x;\"\"y\"\"\n2\";7\r\n\n3;\n").expect("valid");
        assert_eq!(
            texts(&rows),
            [vec!["a", "b"], vec!["x;\"y\"\n2", "7"], vec!["3", ""]]
        );
        assert_eq!((rows[1][1].line, rows[1][1].column), (3, 4));
        assert_eq!((rows[2][0].line, rows[2][0].column), (5, 1));
    }

    #[test]
    fn broken_quotes_are_located() {
        assert_eq!(parse("a,b\n1,\"x").expect_err("open").0, 2);
        assert_eq!(
            parse("a\n\"x\"y\n").expect_err("after"),
            (2, 4, "text after a closing quote")
        );
    }

    #[test]
    fn escaping_survives_a_round_trip_and_disarms_formulas() {
        let nasty = "say \"hi\", then\nleave";
        assert_eq!(
            parse(&format!("{}\n", escape(nasty))).expect("valid")[0][0].text,
            nasty
        );
        assert_eq!(escape("=1+1"), "'=1+1");
        assert_eq!(escape("-3.5"), "-3.5");
    }
}

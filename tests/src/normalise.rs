//! Replaces what differs from run to run (ports, times, folders) by names.

use std::sync::LazyLock;

use regex::{NoExpand, Regex};

/// What differs in one run.
pub(crate) struct Normaliser<'a> {
    /// The run's folder.
    pub(crate) folder: &'a str,
    /// The program's path.
    pub(crate) program: &'a str,
    /// A path too long for a Unix socket.
    pub(crate) long_path: &'a str,
    /// The machine's name.
    pub(crate) hostname: &'a str,
    /// The server's port; 0 without one.
    pub(crate) port: u16,
    /// The end of the certificate that was shown.
    pub(crate) not_after: Option<&'a str>,
}

impl Normaliser<'_> {
    /// The text with names in the place of what differs.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text
            .replace(self.folder, "<DIR>")
            .replace(self.long_path, "<LONG PATH>");
        if self.port != 0 {
            let port = u32::from(self.port);
            text = replace_number(&text, port, "<PORT>");
            text = replace_number(&text, port + 65_536, "<PORT+65536>");
        }
        text = self.without_hostname(&text);
        if let Some(not_after) = self.not_after {
            text = text.replace(not_after, "<NOT AFTER>");
        }
        without_times(&text).replace(self.program, "<PROG>")
    }

    /// An entry of what the server received; its own notes, in angle brackets, stay as they are.
    pub(crate) fn received(&self, entry: &str) -> String {
        if entry.starts_with('<') {
            entry.to_owned()
        } else {
            self.text(entry)
        }
    }

    fn without_hostname(&self, text: &str) -> String {
        let name = regex::escape(self.hostname);
        Regex::new(&format!(r"\b(HELO|EHLO|LHLO) {name}(\s|$)")).map_or_else(
            |_| text.to_owned(),
            |greeting| greeting.replace_all(text, "$1 <HOSTNAME>$2").into_owned(),
        )
    }
}

/// Three decimals before ` sec.` and six in `time=...s` are a time; any other number of decimals
/// is left as it is and so differs.
fn without_times(text: &str) -> String {
    static SHOWN: LazyLock<Regex> = LazyLock::new(|| valid(r"(^|[^\d.])\d+([.,])\d{3} sec\."));
    static EXACT: LazyLock<Regex> = LazyLock::new(|| valid(r"time=\d+([.,])\d{6}s"));
    static THREAD: LazyLock<Regex> = LazyLock::new(|| valid(r"(?m)^[0-9A-F]{12,16}:error:"));
    let text = SHOWN.replace_all(text, "$1<T$2> sec.");
    let text = EXACT
        .replace_all(&text, "time=<T$1>s")
        .replace("<T.>", "<T>");
    THREAD
        .replace_all(&text, NoExpand("<ID>:error:"))
        .into_owned()
}

fn valid(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

/// Replaces a number where it is not a part of a longer one.
fn replace_number(text: &str, number: u32, name: &str) -> String {
    let number = number.to_string();
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in text.match_indices(&number) {
        let end = at + number.len();
        let (before, after) = (&text[..at], &text[end..]);
        if is_digit(before.chars().next_back()) || is_digit(after.chars().next()) {
            continue;
        }
        replaced.push_str(&text[copied..at]);
        replaced.push_str(name);
        copied = end;
    }
    replaced.push_str(&text[copied..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        let normaliser = Normaliser {
            folder: "/tmp/c1",
            program: "/bin/check",
            long_path: "/xxx",
            hostname: "a.b",
            port: 2525,
            not_after: Some("Thu Feb  3 04:05:06 2060 +0000"),
        };
        normaliser.text(text)
    }

    #[test]
    fn a_port_is_replaced_where_it_stands_alone() {
        assert_eq!(
            normal("2525 x2525,2525 12525 25250"),
            "<PORT> x<PORT>,<PORT> 12525 25250"
        );
        assert_eq!(normal("port 68061."), "port <PORT+65536>.");
    }

    #[test]
    fn only_well_formed_times_are_replaced() {
        assert_eq!(
            normal("OK - 0.012 sec. 1,234 sec."),
            "OK - <T> sec. <T,> sec."
        );
        assert_eq!(
            normal("0.12 sec. 0.0123 sec. 1.0.123 sec."),
            "0.12 sec. 0.0123 sec. 1.0.123 sec."
        );
        assert_eq!(
            normal("time=0.012345s time=0,012345s"),
            "time=<T>s time=<T,>s"
        );
        assert_eq!(normal("time=0.012s"), "time=0.012s");
    }

    #[test]
    fn the_hostname_is_replaced_in_greetings_only() {
        assert_eq!(normal("EHLO a.b\r\n"), "EHLO <HOSTNAME>\r\n");
        assert_eq!(normal("HELO a.b"), "HELO <HOSTNAME>");
        assert_eq!(normal("EHLO a.b.c EHLO axb a.b"), "EHLO a.b.c EHLO axb a.b");
    }

    #[test]
    fn names_stand_for_paths_dates_and_threads() {
        assert_eq!(normal("/bin/check: /tmp/c1/p.ini"), "<PROG>: <DIR>/p.ini");
        assert_eq!(
            normal("on Thu Feb  3 04:05:06 2060 +0000."),
            "on <NOT AFTER>."
        );
        assert_eq!(normal("x\n80ABCDEF01234567:error:y"), "x\n<ID>:error:y");
    }
}

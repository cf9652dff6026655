//! A completion for bash. It holds names only, which have no character that means something to a shell:
//! there is no text of a manifest in it.

use super::subject::{Completes, Flag, Subject};

/// A function, and what it is for.
pub(crate) fn completion(subject: &Subject) -> String {
    let name = &subject.name;
    let function = function(name);
    let body = if subject.commands.is_empty() {
        format!(
            "{}{}",
            values(subject),
            offer(&spellings(subject.flags.iter()), None)
        )
    } else {
        commands(subject)
    };
    format!(
        "# Completion of {name} for bash. Made by sandcheck generate bash.\n\
         {function}() {{\n    \
         local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}\n    \
         # --name=value is three words.\n    \
         if [[ $current == '=' ]]; then\n        current=\n    \
         elif [[ $previous == '=' ]] && ((COMP_CWORD > 1)); then\n        \
         previous=${{COMP_WORDS[COMP_CWORD - 2]}}\n    fi\n    COMPREPLY=()\n\
         {body}}}\ncomplete -F {function} {name}\n"
    )
}

/// The name of the command with every other character as `_`.
fn function(name: &str) -> String {
    let chars = name.chars();
    let name: String = chars
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("_sandcheck_complete_{name}")
}

/// What stands behind an option with a value.
fn values(subject: &Subject) -> String {
    let mut cases = String::new();
    for flag in &subject.flags {
        let Some(value) = &flag.value else { continue };
        let patterns: Vec<_> = flag.spellings().collect();
        let offer = match value.completes {
            Completes::Nothing => "return".to_owned(),
            other => format!("{}; return", words(other)),
        };
        cases.push_str(&format!("        {}) {offer} ;;\n", patterns.join("|")));
    }
    format!("    case $previous in\n{cases}    esac\n")
}

/// The options in the place of a word that begins with a dash, else plain words.
fn offer(options: &str, plain: Option<Completes>) -> String {
    let options = format!("mapfile -t COMPREPLY < <(compgen -W '{options}' -- \"$current\")");
    match plain {
        None | Some(Completes::Nothing) => format!("    {options}\n"),
        Some(plain) => format!(
            "    if [[ $current == -* ]]; then\n        {options}\n    else\n        {}\n    fi\n",
            words(plain)
        ),
    }
}

fn words(completes: Completes) -> String {
    let (what, more) = match completes {
        Completes::Nothing => return ":".to_owned(),
        Completes::Hosts => ("-A hostname".to_owned(), ""),
        Completes::Files => ("-f".to_owned(), "compopt -o filenames; "),
        Completes::Folders => ("-d".to_owned(), "compopt -o filenames; "),
        Completes::Words(words) => (format!("-W '{}'", words.join(" ")), ""),
    };
    format!("{more}mapfile -t COMPREPLY < <(compgen {what} -- \"$current\")")
}

fn spellings<'a>(flags: impl Iterator<Item = &'a Flag>) -> String {
    let spellings: Vec<_> = flags.flat_map(Flag::spellings).collect();
    spellings.join(" ")
}

/// First the command, then what it takes; nothing behind `--`, where a plugin's words stand.
fn commands(subject: &Subject) -> String {
    let names: Vec<_> = subject
        .commands
        .iter()
        .map(|command| command.name.as_str())
        .collect();
    let mut body = format!(
        "    local word command=\n    \
         for word in \"${{COMP_WORDS[@]:1:COMP_CWORD - 1}}\"; do\n        \
         case $word in\n            --) return ;;\n            \
         {}) command=${{command:-$word}} ;;\n        esac\n    done\n",
        names.join("|")
    );
    body.push_str(&values(subject));
    body.push_str("    case $command in\n");
    for command in &subject.commands {
        let options = spellings(subject.flags_of(&command.name));
        let offer = offer(&options, Some(command.words)).replace("\n    ", "\n        ");
        body.push_str(&format!("    {})\n    {offer}        ;;\n", command.name));
    }
    body.push_str(&format!(
        "    *)\n    {}        ;;\n    esac\n",
        offer(&names.join(" "), None)
    ));
    body
}

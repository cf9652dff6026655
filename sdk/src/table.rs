//! The table of options, which the manifest and the help text are made of.

/// What an option's value looks like; the kinds of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract documents each kind")]
pub enum Kind {
    Flag,
    Text,
    Integer,
    Number,
    Duration,
    Range,
    Host,
    Port,
    Secret,
    Timeout,
    Nodename,
    File,
    Anchors,
    Output,
    Source,
    Domain,
}

/// One option of the table.
#[derive(Debug)]
pub struct Spec {
    /// The long name, without dashes.
    pub name: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// Further spellings, whole words.
    pub aliases: &'static [&'static str],
    /// What the value looks like.
    pub kind: Kind,
    /// What stands for the value in the help text.
    pub placeholder: &'static str,
    /// Only the whole name is accepted, no abbreviation of it.
    pub exact: bool,
    /// A call without it is a misuse.
    pub required: bool,
    /// All of its values count.
    pub repeatable: bool,
    /// The value when the option is not given.
    pub default: Option<&'static str>,
    /// What the option says too.
    pub implies: &'static [(&'static str, Option<&'static str>)],
    /// For people.
    pub help: &'static str,
}

impl Spec {
    /// A flag without a name, to be completed: `Spec { name: "verbose", ..Spec::FLAG }`.
    pub const FLAG: Self = Self {
        name: "",
        short: None,
        aliases: &[],
        kind: Kind::Flag,
        placeholder: "",
        exact: false,
        required: false,
        repeatable: false,
        default: None,
        implies: &[],
        help: "",
    };
}

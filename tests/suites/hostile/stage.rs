//! Plays one attack: makes the plugin, lets the program compile it, listens, runs it, and asks an
//! honest plugin how things are afterwards.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use std::{env, fs, io};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::attacks::Attack;
use crate::guests::Guests;
use crate::judge;
use crate::listeners::{Listeners, Manner};
use crate::program::{Ended, HIDDEN, Program};

/// Longer than anything that is shown, shorter than what a command line may hold.
const LONG: usize = 100_000;

/// How often an attack is played that took too long.
const CHANCES: usize = 3;

/// What all attacks have in common.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) guests: Guests,
    pub(crate) program: Program,
    extremes: Mutex<Extremes>,
}

/// The most that was seen.
#[derive(Default)]
struct Extremes {
    memory: (u64, String),
    bounded_memory: (u64, String),
    overrun: (Duration, String),
}

impl Stage {
    /// Builds the guests and looks for the program.
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = Program::find(folder.path())?;
        let made = folder.path().join("plugins");
        fs::create_dir(&made)?;
        Ok(Self {
            guests: Guests::build(&made)?,
            program,
            folder,
            extremes: Mutex::default(),
        })
    }

    /// Plays an attack; what is wrong is told line by line.
    pub(crate) fn play(&self, attack: &Attack) -> Result<(), Failed> {
        let mut wrong = self.play_patiently(attack)?;
        let afterwards = self.ask_honest()?;
        wrong.extend(
            afterwards
                .into_iter()
                .map(|line| format!("afterwards: {line}")),
        );
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n").into())
        }
    }

    /// A machine that is busy with something else is given further chances; an attack that takes
    /// too long by itself does so every time.
    fn play_patiently(&self, attack: &Attack) -> io::Result<Vec<String>> {
        let folder = self.folder.path().join("attack");
        let mut wrong = Vec::new();
        for _ in 0..CHANCES {
            fs::create_dir(&folder)?;
            let played = self.play_in(&folder, attack);
            fs::remove_dir_all(&folder)?;
            let took;
            (wrong, took) = played?;
            if took <= judge::time(attack) {
                break;
            }
        }
        Ok(wrong)
    }

    fn play_in(&self, folder: &Path, attack: &Attack) -> io::Result<(Vec<String>, Duration)> {
        let secret = folder.join("secret");
        fs::write(&secret, HIDDEN)?;
        let listeners = Listeners::start(folder, attack.server)?;
        let names = Names::new(folder, &listeners);
        let patch = attack.patch.iter();
        let patch = patch.map(|(at, value)| (at.clone(), names.fill(value)));
        let plugin = self.guests.file(&attack.plugin, &patch.collect())?;
        self.prepare(&plugin, attack)?;
        let ended = self.program.run(self.words(&plugin, attack, &names)?)?;
        let reached = listeners.finish();
        self.note(attack, &ended);
        if env::var_os("HOSTILE_SHOW").is_some() {
            println!("{}: {}", attack.name, judge::shown(&ended));
        }
        let mut wrong = judge::judge(attack, &ended, reached, |text| names.pattern(text));
        if fs::read_to_string(&secret)? != HIDDEN {
            wrong.push("the file was written to".to_owned());
        }
        if !wrong.is_empty() {
            wrong.push(judge::shown(&ended));
        }
        Ok((wrong, ended.took))
    }

    /// Compiles the plugin before its time is taken. Whether that can be done is seen in the run.
    fn prepare(&self, plugin: &Path, attack: &Attack) -> io::Result<()> {
        if !attack.name.starts_with("compiler/") {
            let cache = self.program.cache();
            let words = ["compile".as_ref(), "--cache".as_ref(), cache.as_os_str()];
            self.program
                .run(words.into_iter().chain([plugin.as_os_str()]))?;
        }
        Ok(())
    }

    fn words(&self, plugin: &Path, attack: &Attack, names: &Names) -> io::Result<Vec<String>> {
        let shown = |path: &Path| path.display().to_string();
        let fill = |text: &String| names.fill(text);
        let mut words = vec![attack.command.clone()];
        words.extend(["--cache".to_owned(), shown(&self.program.cache())]);
        if let Some(policy) = &attack.policy {
            let path = self.folder.path().join("attack/policy.toml");
            fs::write(&path, names.fill(policy))?;
            words.extend(["--policy".to_owned(), shown(&path)]);
        }
        words.extend(attack.options.iter().map(fill));
        words.push(shown(plugin));
        if attack.command == "run" {
            words.push("--".to_owned());
            if !attack.bare {
                let common = ["-H", "127.0.0.1", "-p", "{port}", "-t", "1"];
                words.extend(common.map(|word| names.fill(word)));
            }
            words.extend(attack.words.iter().map(fill));
        }
        Ok(words)
    }

    /// Runs the honest plugin; what it did other than it should.
    fn ask_honest(&self) -> io::Result<Vec<String>> {
        let folder = self.folder.path().join("honest");
        fs::create_dir(&folder)?;
        let listeners = Listeners::start(&folder, Manner::Banner)?;
        let plugin = self.guests.file("honest", &BTreeMap::new())?;
        let port = listeners.port.to_string();
        let cache = self.program.cache();
        let words = [
            "run".as_ref(),
            "--cache".as_ref(),
            cache.as_os_str(),
            plugin.as_os_str(),
        ];
        let own = ["--", "-H", "127.0.0.1", "-p", &port].map(AsRef::as_ref);
        let ended = self.program.run(words.into_iter().chain(own))?;
        let reached = listeners.finish();
        fs::remove_dir_all(&folder)?;
        let mut wrong = Vec::new();
        if ended.exit != 0 || !ended.stdout.starts_with("BANNER OK - 220 hello|time=") {
            wrong.push(format!(
                "the honest plugin failed: {}",
                judge::shown(&ended)
            ));
        }
        if (reached.granted, reached.others) != (1, 0) {
            wrong.push(format!("the honest plugin reached {reached:?}"));
        }
        Ok(wrong)
    }

    fn note(&self, attack: &Attack, ended: &Ended) {
        let Ok(mut extremes) = self.extremes.lock() else {
            return;
        };
        let budget = Duration::try_from_secs_f64(attack.within).unwrap_or_default();
        let overrun = ended.took.saturating_sub(budget);
        if overrun > extremes.overrun.0 {
            extremes.overrun = (overrun, attack.name.clone());
        }
        if ended.memory > extremes.memory.0 {
            extremes.memory = (ended.memory, attack.name.clone());
        }
        if attack.memory <= 64 && ended.memory > extremes.bounded_memory.0 {
            extremes.bounded_memory = (ended.memory, attack.name.clone());
        }
    }

    /// What is worth knowing when all attacks were played.
    pub(crate) fn extremes(&self) -> String {
        let Ok(extremes) = self.extremes.lock() else {
            return String::new();
        };
        let mut text = String::new();
        let mebibytes = |bytes: u64| bytes >> 20;
        let (memory, attack) = &extremes.memory;
        let _ = writeln!(text, "largest memory: {} MiB, {attack}", mebibytes(*memory));
        let (memory, attack) = &extremes.bounded_memory;
        let _ = writeln!(
            text,
            "where the guest is bounded: {} MiB, {attack}",
            mebibytes(*memory)
        );
        let (overrun, attack) = &extremes.overrun;
        let _ = write!(
            text,
            "largest overrun: {:.2} s, {attack}",
            overrun.as_secs_f64()
        );
        text
    }
}

/// What placeholders stand for.
struct Names([(&'static str, String); 6]);

impl Names {
    fn new(folder: &Path, listeners: &Listeners) -> Self {
        Self([
            ("{port}", listeners.port.to_string()),
            ("{other}", listeners.other.to_string()),
            ("{socket}", listeners.socket.display().to_string()),
            (
                "{other-socket}",
                listeners.other_socket.display().to_string(),
            ),
            ("{folder}", folder.display().to_string()),
            ("{long}", "x".repeat(LONG)),
        ])
    }

    fn fill(&self, text: &str) -> String {
        let replace = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.0.iter().fold(text.to_owned(), replace)
    }

    /// The same in a pattern.
    fn pattern(&self, text: &str) -> String {
        let replace = |text: String, (name, value): &(&str, String)| {
            text.replace(name, &regex::escape(value))
        };
        self.0.iter().fold(text.to_owned(), replace)
    }
}

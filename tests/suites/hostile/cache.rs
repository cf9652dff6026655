//! Compiled code is native code: it is loaded from where the program keeps it, and only as long as
//! it is what the program wrote.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use libtest_mimic::{Failed, Trial};

use crate::judge::shown;
use crate::program::Ended;
use crate::stage::Stage;

/// One test for each way to bring in code of somebody else.
pub(crate) fn trials(stage: &Arc<Stage>) -> Vec<Trial> {
    type Test = fn(&Stage) -> Result<(), Failed>;
    let tests: [(&str, Test); 4] = [
        ("cache/nobody-else-reads-or-writes-it", is_private),
        ("cache/compiled-code-is-no-plugin", refuses_compiled_code),
        ("cache/damaged-code-is-not-run", does_not_run_damaged_code),
        (
            "cache/a-folder-of-others-is-not-used",
            refuses_a_folder_of_others,
        ),
    ];
    let trial = |(name, test): (&str, Test)| {
        let stage = stage.clone();
        Trial::test(name, move || test(&stage))
    };
    tests.into_iter().map(trial).collect()
}

fn is_private(stage: &Stage) -> Result<(), Failed> {
    let cache = filled(stage)?;
    for path in below(&cache)?.iter().chain([&cache]) {
        let mode = fs::symlink_metadata(path)?.mode() & 0o077;
        if mode != 0 {
            return Err(format!("{}: {mode:o}", path.display()).into());
        }
    }
    Ok(())
}

/// What the program wrote itself, given as a plugin.
fn refuses_compiled_code(stage: &Stage) -> Result<(), Failed> {
    let cache = filled(stage)?;
    for (at, path) in below(&cache)?
        .iter()
        .filter(|path| path.is_file())
        .enumerate()
    {
        let plugin = cache.join(format!("../plugins/compiled-{at}.wasm"));
        fs::copy(path, &plugin)?;
        let ended = run(stage, &cache, &plugin)?;
        if ended.exit != 3 || !ended.stdout.starts_with("UNKNOWN - ") {
            return Err(format!("{}: {}", path.display(), shown(&ended)).into());
        }
    }
    Ok(())
}

/// Files of the cache are cut, emptied and overwritten; the check has to work, or to say what is
/// wrong.
fn does_not_run_damaged_code(stage: &Stage) -> Result<(), Failed> {
    let cache = filled(stage)?;
    let plugin = stage.guests.file("honest", &BTreeMap::new())?;
    let damages: [fn(&mut Vec<u8>); 4] = [
        Vec::clear,
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.fill(0x90),
        |bytes| {
            bytes
                .iter_mut()
                .skip(64)
                .step_by(97)
                .for_each(|byte| *byte ^= 0x55);
        },
    ];
    for damage in damages {
        for path in below(&cache)?.iter().filter(|path| path.is_file()) {
            let mut bytes = fs::read(path)?;
            damage(&mut bytes);
            fs::write(path, bytes)?;
        }
        let ended = run(stage, &cache, &plugin)?;
        let is_honest =
            ended.stdout.starts_with("check_banner: No host") || ended.stdout.contains("No host");
        if ended.exit != 3 || !(is_honest || ended.stdout.starts_with("UNKNOWN - ")) {
            return Err(shown(&ended).into());
        }
    }
    Ok(())
}

/// A folder that everybody may write to is no place for code.
fn refuses_a_folder_of_others(stage: &Stage) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;

    let cache = filled(stage)?;
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777))?;
    let plugin = stage.guests.file("honest", &BTreeMap::new())?;
    let ended = run(stage, &cache, &plugin)?;
    fs::remove_dir_all(&cache)?;
    if ended.exit != 3 || !ended.stdout.starts_with("UNKNOWN - ") {
        return Err(shown(&ended).into());
    }
    Ok(())
}

/// A cache of its own, with the honest plugin in it.
fn filled(stage: &Stage) -> io::Result<PathBuf> {
    let cache = stage.program.cache().with_file_name("other-cache");
    if cache.exists() {
        fs::remove_dir_all(&cache)?;
    }
    let plugin = stage.guests.file("honest", &BTreeMap::new())?;
    let ended = run(stage, &cache, &plugin)?;
    if below(&cache)?.iter().any(|path| path.is_file()) {
        Ok(cache)
    } else {
        Err(io::Error::other(format!(
            "nothing is kept: {}",
            shown(&ended)
        )))
    }
}

fn run(stage: &Stage, cache: &Path, plugin: &Path) -> io::Result<Ended> {
    let words = [
        "run".as_ref(),
        "--cache".as_ref(),
        cache.as_os_str(),
        plugin.as_os_str(),
    ];
    stage.program.run(words)
}

/// All files and folders in a folder.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if fs::symlink_metadata(&path)?.is_dir() {
            found.extend(below(&path)?);
        }
        found.push(path);
    }
    Ok(found)
}

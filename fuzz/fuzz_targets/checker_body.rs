//! A body of Icinga's `ifw-api`. The input is the body.
//!
//! Property: what is read are options, each once, with texts that stand in the body; an answer is JSON of
//! the documented shape, whatever the command is called and the check prints.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use sandcheck_probe::checker::{Arguments, Outcome};

fuzz_target!(|body: &[u8]| {
    match Arguments::parse(body) {
        Ok(arguments) => {
            let names: BTreeSet<_> = arguments.0.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), arguments.0.len());
            assert!(arguments.0.len() <= body.len());
        }
        Err(error) => assert!(error.to_string().starts_with("the body cannot be read: ")),
    }
    let text = String::from_utf8_lossy(body);
    let outcome = Outcome {
        exitcode: 2,
        checkresult: text.clone().into_owned(),
        perfdata: vec![text.clone().into_owned()],
    };
    let json = outcome.json(&text);
    assert!(!json.contains('\n'));
    let start = serde_json::to_string(&text).expect("a text");
    assert!(json.starts_with(&format!(
        "{{{start}:{{\"exitcode\":2,\"checkresult\":{start},"
    )));
});

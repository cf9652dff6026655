//! `sandcheck batch`: orders in, results out, and nothing lost on the way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{Place, plugin, program, server};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// An order for the check.
fn order(id: impl Into<Value>, words: &[&str]) -> String {
    let (id, plugin) = (id.into(), plugin());
    json!({"id": id, "plugin": plugin, "arguments": words}).to_string() + "\n"
}

fn start(place: &Place, options: &[&str]) -> Child {
    Command::new(program())
        .args(["batch", "--cache", &place.path("cache").to_string_lossy()])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// The exit code, the results, and what was complained about.
fn finish(child: Child) -> (Option<i32>, Vec<Value>, String) {
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(output.stdout).expect("it is UTF-8");
    let results = stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), results, stderr)
}

fn batch(options: &[&str], input: &[u8]) -> (Option<i32>, Vec<Value>, String) {
    let place = Place::new();
    let mut child = start(&place, options);
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_vec();
    thread::spawn(move || stdin.write_all(&input));
    finish(child)
}

/// A server that accepts and says nothing; it tells of each connection.
fn silent() -> (String, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    let (sender, accepted) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    (port.to_string(), accepted)
}

#[test]
fn results_come_when_checks_end_and_say_what_a_run_says() {
    let (slow, _connections) = silent();
    let fast = server();
    let orders = [
        order("slow", &["-H", "127.0.0.1", "-p", &slow, "-t", "2"]),
        order(json!({"host": 2}), &["-H", "127.0.0.1", "-p", &fast]),
        order(3, &["-H", "127.0.0.1", "-p", "1"]),
        order("help", &["--help"]),
        order("usage", &["-p", "abc"]),
        order("unknown", &["-z"]),
    ];
    let (code, results, stderr) = batch(&[], orders.concat().as_bytes());
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(results.len(), 6, "{results:?}");
    assert_eq!(results[5]["id"], "slow");
    let of = |id: &Value| {
        let mut found = results.iter().filter(|result| result["id"] == *id);
        found.next().expect("a result").clone()
    };
    for (id, line, state, code, text) in [
        (json!("slow"), 1, "CRITICAL", 2, "timeout after 2 seconds"),
        (json!({"host": 2}), 2, "OK", 0, "SMTP OK - "),
        (json!(3), 3, "CRITICAL", 2, "Connection refused"),
        (
            json!("help"),
            4,
            "UNKNOWN",
            3,
            "Checks SMTP and LMTP servers",
        ),
        (
            json!("usage"),
            5,
            "UNKNOWN",
            3,
            "Port must be a positive integer",
        ),
        (json!("unknown"), 6, "UNKNOWN", 3, "invalid option -- 'z'"),
    ] {
        let result = of(&id);
        assert_eq!(result["line"], line, "{result}");
        assert_eq!(result["state"], state, "{result}");
        assert_eq!(result["exit_code"], code, "{result}");
        assert_eq!(result["plugin"], json!(plugin()));
        assert!(result["seconds"].is_f64(), "{result}");
        let output = result["output"].as_str().expect("a text");
        assert!(
            output.to_lowercase().contains(&text.to_lowercase()),
            "{result}"
        );
    }
    let (_, alone) = Place::new().run(&[], &["-p", "abc"]);
    assert_eq!(of(&json!("usage"))["output"], alone);
    let errors = of(&json!("unknown"));
    let errors = errors["errors"].as_str().expect("a text");
    assert!(errors.ends_with("invalid option -- 'z'\n"), "{errors}");
}

#[test]
fn a_line_that_cannot_be_run_is_answered_and_the_rest_goes_on() {
    let fast = server();
    let good = order("good", &["-H", "127.0.0.1", "-p", &fast]);
    let long = format!("{{\"plugin\":\"{}\"}}\n", "x".repeat(1 << 20));
    let missing = json!({"id": 9, "plugin": "/nonexistent/p.wasm"}).to_string() + "\n";
    let text = json!({"id": 10, "plugin": concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")})
        .to_string()
        + "\n";
    let input = [
        b"nonsense\n" as &[u8],
        good.as_bytes(),
        b"\n{\"id\":4}\n{\"plugin\":\"p\",\"words\":[]}\n\xff\xfe\n",
        long.as_bytes(),
        good.as_bytes(),
        missing.as_bytes(),
        text.as_bytes(),
        // The last line need not end.
        good.trim_end().as_bytes(),
    ]
    .concat();
    let (code, mut results, stderr) = batch(&[], &input);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    results.sort_by_key(|result| result["line"].as_u64());
    let lines: Vec<_> = results.iter().map(|result| &result["line"]).collect();
    assert_eq!(lines, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    for (line, id, part) in [
        (1, Value::Null, "at column 2"),
        (4, json!(4), "missing field `plugin`"),
        (5, Value::Null, "unknown field `words`"),
        (6, Value::Null, "is not UTF-8, at byte 1"),
        (7, Value::Null, "is longer than 1048576 bytes"),
        (9, json!(9), "/nonexistent/p.wasm: No such file"),
        (10, json!(10), "is no component that can be compiled"),
    ] {
        let result = results.iter().find(|result| result["line"] == line);
        let result = result.expect("a result");
        assert_eq!(result["id"], id, "{result}");
        let error = result["error"].as_str().expect("an error");
        assert!(error.contains(part), "{result}");
    }
    let good = results.iter().filter(|result| result["state"] == "OK");
    assert_eq!(good.count(), 3);
}

#[test]
fn so_many_checks_run_at_a_time_and_no_more() {
    const AT_A_TIME: usize = 3;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener
        .local_addr()
        .expect("its number")
        .port()
        .to_string();
    // How many have come, and how many of them were let go.
    let counts = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (counts, most) = (Arc::clone(&counts), Arc::clone(&seen));
            thread::spawn(move || {
                let (counts, changed) = &*counts;
                let mut now = counts.lock().expect("the numbers");
                now.0 += 1;
                most.fetch_max(now.0 - now.1, SeqCst);
                // Nobody gets an answer before as many as are allowed are there.
                let all = now.0.div_ceil(AT_A_TIME) * AT_A_TIME;
                changed.notify_all();
                let too_few = |now: &mut (usize, usize)| now.0 < all;
                let waited = changed.wait_timeout_while(now, PATIENCE, too_few);
                waited.expect("the numbers").0.1 += 1;
                let _ = stream.write_all(b"554 no\r\n");
                // It says goodbye.
                let _ = stream.read(&mut [0; 64]);
            });
        }
    });
    let order = order(1, &["-H", "127.0.0.1", "-p", &port, "-t", "50"]);
    let (code, results, _) = batch(&["--concurrency", "3"], order.repeat(9).as_bytes());
    assert_eq!((code, results.len()), (Some(0), 9));
    assert_eq!(most.load(SeqCst), AT_A_TIME);

    let (slow, connections) = silent();
    let order = super::batch::order(1, &["-H", "127.0.0.1", "-p", &slow, "-t", "1"]);
    let (code, results, _) = batch(&["--concurrency", "1"], order.repeat(2).as_bytes());
    assert_eq!((code, results.len()), (Some(0), 2));
    // The first one was over when the second one came.
    let mut first = connections.try_recv().expect("a connection");
    assert_eq!(first.read(&mut [0; 16]).expect("its end"), 0);
}

#[test]
fn a_thousand_checks_of_a_silent_server_all_end() {
    let (slow, _connections) = silent();
    let orders: String = (0..1000)
        .map(|id| order(id, &["-H", "127.0.0.1", "-p", &slow, "-t", "3"]))
        .collect();
    let (code, results, _) = batch(&["--concurrency", "1000"], orders.as_bytes());
    assert_eq!(code, Some(0));
    let mut ids: Vec<_> = results
        .iter()
        .filter_map(|result| result["id"].as_u64())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..1000).collect::<Vec<_>>());
    assert!(results.iter().all(|result| result["exit_code"] == 2));
}

#[test]
fn an_interruption_finishes_what_is_in_flight_and_loses_nothing() {
    let (slow, connections) = silent();
    let orders: String = (1..=20)
        .map(|id| order(id, &["-H", "127.0.0.1", "-p", &slow, "-t", "2"]))
        .collect();
    let place = Place::new();
    let mut child = start(&place, &["--concurrency", "1"]);
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(orders.as_bytes()).expect("it reads");
    let _connection = connections.recv_timeout(PATIENCE).expect("a connection");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    // The input stays open: nobody waits for it.
    let (code, results, _) = finish(child);
    drop(stdin);
    assert_eq!(code, Some(1));
    let (ran, not_run): (Vec<_>, Vec<_>) = results
        .iter()
        .partition(|result| result["state"] == "CRITICAL");
    assert_eq!(ran.len(), 1, "{results:?}");
    assert_eq!(ran[0]["id"], 1);
    for (result, id) in not_run.iter().zip(2..) {
        assert_eq!(result["id"], id);
        assert_eq!(result["error"], "not run: the batch was interrupted");
    }
    assert!(!not_run.is_empty());
}

#[test]
fn who_reads_no_results_is_sent_no_more_checks() {
    const LINES: usize = 1 << 18;
    let place = Place::new();
    let mut child = start(&place, &[]);
    let mut stdin = child.stdin.take().expect("its input");
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    thread::spawn(move || {
        for _ in 0..LINES / 1024 {
            stdin
                .write_all("x\n".repeat(1024).as_bytes())
                .expect("it reads");
            count.fetch_add(1024, SeqCst);
        }
    });
    // It reads until it is full, and then no more.
    let mut before = usize::MAX;
    while written.load(SeqCst) != before {
        before = written.load(SeqCst);
        thread::sleep(Duration::from_millis(500));
    }
    assert!(before < LINES / 2, "{before} of {LINES} lines");
    let (code, results, _) = finish(child);
    assert_eq!((code, results.len()), (Some(1), LINES));
}

#[test]
fn who_reads_no_results_any_more_ends_the_batch() {
    let place = Place::new();
    let mut child = start(&place, &[]);
    let mut stdin = child.stdin.take().expect("its input");
    drop(child.stdout.take());
    let _ = stdin.write_all(b"x\n");
    let mut complaint = String::new();
    let mut stderr = child.stderr.take().expect("its complaints");
    stderr.read_to_string(&mut complaint).expect("it ends");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    assert_eq!(
        complaint,
        "sandcheck: results cannot be written: Broken pipe (os error 32)\n"
    );
}

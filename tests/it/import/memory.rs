//! A large file takes little memory: measured in a process of its own, where nothing else takes any.

use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::process::Command;

use userprofile::services::transfer::import::ImportOptions;

use crate::support::TestApp;

const CHILD: &str = "USERPROFILE_TEST_IMPORT_CHILD";
const LINES: usize = 100_000;
/// Of which the code alone, with its debug information, is the most.
const MOST_KIB: u64 = 120 * 1024;

#[cfg(target_os = "linux")]
#[test]
fn an_import_of_a_hundred_thousand_lines_takes_little_memory() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let test = "import::memory::import_a_hundred_thousand_lines";
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let peak = said.lines().find_map(|line| line.split_once("VmHWM:")).unwrap_or_else(|| panic!("{said}")).1;
    let peak: u64 = peak.split_whitespace().next().unwrap().parse().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB");
}

/// Does nothing unless it is the child of the test above.
#[tokio::test(flavor = "multi_thread")]
async fn import_a_hundred_thousand_lines() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut file = tempfile::tempfile().unwrap();
    let mut text = "{\"kind\":\"domain\",\"domain_id\":\"domain-a\",\"name\":\"a\"}\n".to_owned();
    for n in 1..LINES {
        writeln!(
            text,
            "{{\"kind\":\"user\",\"domain_id\":\"domain-a\",\"user_id\":\"user{n}@example.com\",\"id\":\"user-{n}\",\
             \"email\":\"user{n}@example.com\",\"email_verified\":true,\"name\":\"User {n}\"}}"
        )
        .unwrap();
        if text.len() > 1024 * 1024 || n == LINES - 1 {
            file.write_all(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    drop(text);
    let app = TestApp::start().await;
    let summary = app.services.import(BufReader::new(file), ImportOptions::default(), |_| {}).await.unwrap();
    assert_eq!(summary.lines, LINES as u64);
    println!("{}", std::fs::read_to_string("/proc/self/status").unwrap());
}

use super::xtask;

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = xtask().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let (code, stdout, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for word in ["test", "check", "demo", "bench", "Exit codes", "NO_COLOR"] {
        assert!(stdout.contains(word), "{word} is missing in\n{stdout}");
    }
    assert!(!stdout.contains("janitor"), "an inner command is not for people");
}

#[test]
fn the_last_line_counts_the_steps_and_stands_alone() {
    let (code, stdout, stderr) = run(&["test", "--only", "complete"]);
    assert_eq!(code, Some(0), "{stdout}\n{stderr}");
    assert_eq!(stdout.lines().last(), Some("steps: 1 passed, 0 failed"));
    assert!(stderr.contains("[16/16] complete"), "progress belongs on stderr:\n{stderr}");
}

#[test]
fn what_cannot_be_done_is_exit_code_2() {
    let (code, stdout, stderr) = run(&["test", "--only", "everything"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("`everything`"), "{stderr}");
    assert_eq!(run(&["check", "everything"]).0, Some(2));
}

//! `completions` and `man`.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::command_in;

fn run(args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    // Neither command needs settings, so it doesn't matter that these are invalid.
    std::fs::write(dir.path().join("config.toml"), "no = [").unwrap();
    command_in(dir.path()).args(args).output().unwrap()
}

fn text(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = text(&["completions", "bash"]);
    let complete = |words: &str| {
        let program = format!(
            r#"
            eval "$1"
            COMP_WORDS=({words})
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            function=$(complete -p pivotal-server | sed 's/.* -F \([^ ]*\) .*/\1/')
            $function pivotal-server "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
            echo "${{COMPREPLY[*]}}"
            "#
        );
        let output = Command::new("bash").args(["-c", &program, "bash", &script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("pivotal-server ke"), "keys");
    assert_eq!(complete("pivotal-server keys cr"), "create");
    assert_eq!(complete("pivotal-server serve --eph"), "--ephemeral");
    assert_eq!(complete("pivotal-server admin set-password --js"), "--json");
}

#[test]
fn every_shell_has_a_completion_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(text(&["completions", shell]).contains("exit-with-parent"), "{shell}");
    }
    let json: Value = serde_json::from_str(&text(&["completions", "fish", "--json"])).unwrap();
    assert_eq!(json["shell"], "fish");
    assert_eq!(json["script"], text(&["completions", "fish"]).trim_end());
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn the_man_page_names_every_command() {
    let page = text(&["man"]);
    assert!(page.contains(".TH pivotal-server 1"), "{page}");
    for command in ["serve", "keys", "backup"] {
        assert!(page.contains(&format!("pivotal\\-server\\-{command}(1)")), "{command}: {page}");
    }
    let json: Value = serde_json::from_str(&text(&["man", "--json"])).unwrap();
    assert_eq!(json["page"], page.trim_end());
}

#[test]
fn the_man_pages_of_all_commands_are_valid() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new/man1");
    let json = text(&["man", "--json", "--out", out.to_str().unwrap()]);
    let files = serde_json::from_str::<Value>(&json).unwrap();
    let files: Vec<&str> =
        files["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(files.len(), out.read_dir().unwrap().count());
    let page = std::fs::read_to_string(out.join("pivotal-server-keys-create.1")).unwrap();
    assert!(page.contains("\\-\\-workspace"), "{page}");
    assert!(page.contains("\n.SH EXAMPLES\n  pivotal\\-server keys create "), "{page}");
    let root = std::fs::read_to_string(out.join("pivotal-server.1")).unwrap();
    assert!(root.contains("\n.SH \"EXIT STATUS\"\n  0    Success"), "{root}");
    assert!(root.contains("\n.SH \"ERROR CODES\"\n  usage "), "{root}");
    assert!(!files.iter().any(|file| file.contains("-help")), "{files:?}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = run(&["man", "--out", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("can't write man pages to ") && error.contains("/file: "), "{error}");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command_in(dir.path())
        .args(["completions", "zsh"])
        .stdout(Stdio::from(std::fs::File::create("/dev/full").unwrap()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

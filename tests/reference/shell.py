"""The shell in which the programs of a page run, one after another, as in a terminal."""

import os
import select
import signal
import subprocess
from pathlib import Path

# Long enough for samples that install something, even on a busy machine.
_TIMEOUT = 300


class Shell:
    """A bash that stops at the first failing command.

    `files` is a directory for scripts and outputs. `inside` is a wrapper command that starts it
    elsewhere, such as in a sandbox. `replacements` are texts that are replaced in programs, such as
    the names of other machines.
    """

    def __init__(
        self,
        home: Path,
        files: Path,
        env: dict[str, str],
        inside: list[str],
        replacements: dict[str, str],
    ):
        self._files = files
        self._replacements = replacements
        self._count = 0
        with (files / "bash.err").open("w") as err:
            self._bash = subprocess.Popen(
                [*inside, "bash", "-eu", "-o", "pipefail"],
                cwd=home,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )

    def run(self, code: str) -> str:
        """Runs commands and returns their output. Fails if one of them fails."""
        self._count += 1
        for text, replacement in self._replacements.items():
            code = code.replace(text, replacement)
        script, out, err = (self._files / f"{self._count}.{end}" for end in ("sh", "out", "err"))
        script.write_text(code)
        self._bash.stdin.write(f". {script} >{out} 2>{err} </dev/null\necho done\n".encode())
        self._bash.stdin.flush()
        ready, _, _ = select.select([self._bash.stdout], [], [], _TIMEOUT)
        if ready and self._bash.stdout.readline() == b"done\n":
            return out.read_text()
        why = "it failed" if ready else f"it did not end within {_TIMEOUT} s"
        outputs = "".join(
            f"\n--- {path.name}\n{path.read_text()}"
            for path in (out, err, self._files / "bash.err")
            if path.exists()
        )
        raise AssertionError(f"{why}:\n{code}{outputs}")

    def close(self) -> None:
        """Kills the shell and everything that still runs in it."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        self._bash.stdin.close()
        self._bash.stdout.close()

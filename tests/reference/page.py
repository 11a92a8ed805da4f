"""The code samples of a documentation page: every fenced block, in order."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROGRAMS = ("bash", "typescript", "python", "rust")
OUTPUTS = ("json", "text")
# Configuration of daemons, which use fixed ports and directories of the machine.
DAEMONS = ("ini", "nginx", "caddyfile")
_FILE = re.compile(r"`(?P<path>/[^`]+)`:$")


@dataclass(eq=False)
class Block:
    """A fenced block.

    `marks` are the words after its language, such as `root`. `file` is the path before it, if it is
    the content of a file.
    """

    page: str
    line: int
    language: str
    marks: dict[str, str]
    code: str
    file: str | None = None
    output: "Block | None" = None
    is_output: bool = False

    @property
    def is_program(self) -> bool:
        """Whether it runs by itself, other than a file that programs use."""
        return self.language in PROGRAMS and "file" not in self.marks

    @property
    def machines(self) -> list[str]:
        """The names in the mark `on=n1,n2`."""
        return [name for name in self.marks.get("on", "").split(",") if name]

    @property
    def name(self) -> str:
        """A name that is valid for a file and for a Rust module."""
        return re.sub(r"\W", "_", f"{self.page}_{self.line}")

    def __str__(self) -> str:
        return f"{self.page}.md, line {self.line} ({self.language})"


@dataclass
class Page:
    """A page, such as `guides/ids`."""

    path: str
    blocks: list[Block]

    @property
    def needs_sandbox(self) -> bool:
        return any(
            "root" in block.marks
            or block.language in DAEMONS
            or block.marks.get("check") == "kubernetes"
            for block in self.blocks
        )

    @property
    def machines(self) -> list[str]:
        """The names of the machines that the blocks run on, if they don't all run on one."""
        return sorted({name for block in self.blocks for name in block.machines})

    @property
    def needs_backup_targets(self) -> bool:
        return any("backup.example.com" in block.code for block in self.blocks)

    @property
    def needs_hosted_api(self) -> bool:
        return any("HOSTED_URL" in block.code for block in self.blocks)


def parse(path: str, markdown: str) -> Page:
    """Finds the blocks of a page, and which of them show the output of the programs before them.

    All programs in a group of tabs print the output shown after the group. If they run in the
    background, the block after the group runs once with each of them.
    """
    blocks: list[Block] = []
    background: list[Block] = []
    programs: list[Block] = []
    file = None
    for token in MarkdownIt().parse(markdown):
        if token.type == "fence":
            block = _block(path, token, file)
            if block.is_program:
                is_next_tab = "tab" in block.marks and blocks and blocks[-1] in programs
                programs = [*programs, block] if is_next_tab else [block]
            else:
                block.is_output = bool(programs and block.language in OUTPUTS and not block.marks)
                for program in programs if block.is_output else []:
                    program.output = block
                programs = []
            if "background" in block.marks:
                background.append(block)
            elif background:
                blocks[-len(background) :] = [one for tab in background for one in (tab, block)]
                blocks.pop()
                background = []
            blocks.append(block)
            file = None
        elif token.type == "inline":
            match = _FILE.search(token.content)
            file = match and match["path"]
        elif token.type == "heading_open":
            programs = []
    return Page(path, blocks)


def _block(path: str, token: Token, file: str | None) -> Block:
    line = token.map[0] + 1
    language, *words = token.info.split() or [""]
    assert language, f"{path}.md, line {line}: the code block has no language"
    marks = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
    return Block(path, line, language, marks, token.content, file)

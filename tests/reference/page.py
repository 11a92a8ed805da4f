"""A page of the documentation as its code samples: every fenced block, in order."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROGRAMS = ("bash", "typescript", "python", "rust")
OUTPUTS = ("json", "text")
# What is read by programs that take ports and directories of a machine for themselves.
DAEMONS = ("ini", "nginx", "caddyfile")
_FILE = re.compile(r"`(?P<path>/[^`]+)`:$")


@dataclass(eq=False)
class Block:
    """A fenced block. `marks` are the words behind its language, such as `root`, and `file` is the
    path that stands before it when it is a file."""

    page: str
    line: int
    language: str
    marks: dict[str, str]
    code: str
    file: str | None = None
    output: "Block | None" = None
    is_output: bool = False

    @property
    def name(self) -> str:
        """A name that can be one of a file or a Rust module."""
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
        return any("root" in block.marks or block.language in DAEMONS for block in self.blocks)


def parse(path: str, markdown: str) -> Page:
    """Finds the blocks of a page, and which of them show what the programs before them print.

    Programs in a group of tabs all print what is shown behind the group.
    """
    blocks: list[Block] = []
    programs: list[Block] = []
    file = None
    for token in MarkdownIt().parse(markdown):
        if token.type == "fence":
            block = _block(path, token, file)
            if block.language in PROGRAMS:
                is_next_tab = "tab" in block.marks and blocks and blocks[-1] in programs
                programs = [*programs, block] if is_next_tab else [block]
            else:
                block.is_output = bool(programs and block.language in OUTPUTS and not block.marks)
                for program in programs if block.is_output else []:
                    program.output = block
                programs = []
            blocks.append(block)
            file = None
        elif token.type == "inline":
            named = _FILE.search(token.content)
            file = named and named["path"]
        elif token.type == "heading_open":
            programs = []
    return Page(path, blocks)


def _block(path: str, token: Token, file: str | None) -> Block:
    line = token.map[0] + 1
    language, *words = token.info.split() or [""]
    assert language, f"{path}.md, line {line}: a block of code names no language"
    marks = dict(word.split("=", 1) if "=" in word else (word, "") for word in words)
    return Block(path, line, language, marks, token.content, file)

"""What a reader would type, taken apart into commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

SEPARATORS = "();<>|&\n"
ASSIGNMENT = re.compile(r"[A-Z_]+=")


def commands(text: str) -> Iterator[list[str]]:
    """The words of each, without assignments before it; those of scripts in quotes as well."""
    text = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    words = shlex.shlex(text, posix=True, punctuation_chars=SEPARATORS)
    words.whitespace, words.whitespace_split, words.commenters = " \t\r", True, ""
    command: list[str] = []
    before = ""
    for word in [*words, ";"]:
        if word.startswith(("<", ">")):
            pass
        elif set(word) <= set(SEPARATORS):
            if command:
                yield command
            command = []
        elif before.startswith(("<", ">")):
            pass  # a file
        elif command or not ASSIGNMENT.match(word):
            if before == "-c" and "sh" in command:
                yield from commands(word)
            command.append(word)
        before = word


def typed(console: str) -> str:
    """Of a session, the lines behind its prompts."""
    return "\n".join(line.removeprefix("$ ") for line in console.splitlines() if line.startswith("$ "))

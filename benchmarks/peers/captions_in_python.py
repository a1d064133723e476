"""The words of a scene, in plain Python: the published grammar and CLIP's tokens."""

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.tags_in_python import Tag, rows

# As the project's vars have them.
MAX_TOKENS = 77
STYLE = "skyscript"
MARKS = re.compile(r"[!-@\[-`{-~]")
WORD = re.compile("[a-z]+")
Words = list[tuple[str, str, str | None, Tag | None]]


@dataclass(frozen=True)
class Said:
    """An object of a scene with what is said of it."""

    object_id: str
    role: str
    tags: list[Tag]
    phrase: str


class Writer:
    """The words of one caption style."""

    def __init__(self, seeds: Path) -> None:
        (self.style,) = (
            s for s in rows(seeds, "caption_styles") if s["style"] == STYLE
        )
        tokens = rows(seeds, "clip_tokens")
        self.tokens = {row["word"]: int(row["n_tokens"]) for row in tokens}
        self.counts: dict[str, int] = {}
        fixed = ("prefix", "surroundings_lead", "suffix")
        # The start and end marks that CLIP adds are two.
        self.fixed = 2 + sum(self.count(self.style[name]) for name in fixed)
        self.separator = self.count(self.style["object_separator"])

    def count(self, phrase: str) -> int:
        """How many of CLIP's tokens a text takes."""
        if phrase not in self.counts:
            words = WORD.findall(phrase.lower())
            known = sum(self.tokens.get(word, (len(word) + 1) // 2) for word in words)
            others = sum(len(c.encode()) for c in phrase if not c.isascii())
            self.counts[phrase] = known + len(MARKS.findall(phrase)) + others
        return self.counts[phrase]

    def phrase(self, tags: list[Tag]) -> str:
        """All that is said of one object."""
        text = tags[0].phrase if tags else ""
        for number, tag in enumerate(tags[1:], 2):
            first = "tag_first_separator" if number == 2 else "tag_separator"
            text += self.style[first] + tag.phrase
        return text

    def chosen(self, shown: list[Said]) -> list[Said]:
        """What is said in a scene: each text once, as far as the tokens reach."""
        texts: set[str] = set()
        found: list[Said] = []
        n_tokens = self.fixed
        for one in shown:
            if one.phrase in texts:
                continue
            texts.add(one.phrase)
            n_tokens += self.count(one.phrase) + self.separator * (len(found) > 1)
            if one.role != "focus" and n_tokens > MAX_TOKENS:
                break
            found.append(one)
        return found

    def words(self, said: list[Said], *, alone: bool) -> Words:
        """A caption's words in order, of the first object alone or of all."""
        style, found = self.style, Words()
        for object_number, one in enumerate(said[:1] if alone else said, 1):
            for number, tag in enumerate(one.tags, 1):
                lead = "tag_first_separator" if number == 2 else "tag_separator"
                if alone:
                    lead = "tag_separator_single"
                if number == 1:
                    later = (
                        "surroundings_lead"
                        if object_number == 2
                        else "object_separator"
                    )
                    lead = "prefix" if object_number == 1 else later
                found.append((style[lead], "grammar", None, None))
                found.append((tag.phrase, one.role, one.object_id, tag))
        if style["suffix"]:
            found.append((style["suffix"], "grammar", None, None))
        return found

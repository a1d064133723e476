"""What must never be written down, taken out of messages."""

import re

# Signatures and tokens stand in queries, fragments and before an @.
QUERY = re.compile(r"(?:[?#&]|%3[Ff]|%26)[^\s'\"<>)]*(?:=|%3[Dd])[^\s'\"<>)]*")
USER = re.compile(r"//[^\s/@'\"]+@")
SECRET = re.compile(
    r"-----BEGIN.*|\bya29\.\S+|\beyJ[\w-]+\.[\w.-]+|\b1//[\w-]+|\bbearer\s+\S+"
    r"|\b(?:\w+_)?(?:token|secret|key|assertion|signature|sig)['\"]?\s*[=:]\s*"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s,&})]+)",
    re.I | re.S,
)


def without_secrets(text: str) -> str:
    """The text with tokens and keys blotted out."""
    return SECRET.sub("[hidden]", text)


def without_addresses(text: str) -> str:
    """The text without what its URLs hold beside host and path."""
    return USER.sub("//", QUERY.sub("", text))

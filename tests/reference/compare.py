"""Whether what a program printed is what its page shows.

Times, ids, keys and such differ from run to run; what they look like does not.
"""

import json
import re
from typing import Any

_MASKS = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\bevt_[a-z0-9]{25}\b"), "<event>"),
    (re.compile(r"\bc0[a-z0-9]{24}\b"), "<id>"),
    (re.compile(r"\bpivotal_(test_)?[0-9A-Za-z]{8}([0-9A-Za-z]{38})?\b"), r"<\1key>"),
    (re.compile(r"\b127\.0\.0\.1:\d+\b"), "<address>"),
    # Seconds since 1970, as in X-RateLimit-Reset.
    (re.compile(r"\b[12]\d{9}\b"), "<seconds>"),
]


def masked(text: str) -> str:
    """Text without what differs from run to run."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def json_values(text: str) -> list[Any]:
    """The JSON values that follow each other in what was printed."""
    decoder, values, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        values.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return values


def masked_json(value: Any) -> Any:
    """JSON whose texts are without what differs from run to run."""
    if isinstance(value, dict):
        return {key: masked_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked_json(inner) for inner in value]
    return masked(value) if isinstance(value, str) else value


def differences(shown: Any, answered: Any, at: str = "") -> list[str]:
    """Where an answer has not the form of the one that is shown: other properties, other types."""
    if shown is None or answered is None:
        return []
    if isinstance(shown, dict) and isinstance(answered, dict):
        if "openapi" in shown:
            # Of the document, which is long, only the beginning is shown.
            answered = {name: answered.get(name) for name in shown} | {"info": None, "paths": None}
        if shown.get("object") == "event":
            # What an event tells depends on what happened.
            answered = answered | {"data": None}
        odd = [f"{at}/{name}: in one of them only" for name in shown.keys() ^ answered.keys()]
        return odd + [
            found
            for name in sorted(shown.keys() & answered.keys())
            for found in differences(shown[name], answered[name], f"{at}/{name}")
        ]
    if isinstance(shown, list) and isinstance(answered, list):
        return [
            found
            for place, element in enumerate(answered if shown else [])
            for found in differences(shown[0], element, f"{at}/{place}")
        ]
    if type(shown) is not type(answered):
        return [f"{at}: {answered!r} is not of the type of {shown!r}"]
    return []

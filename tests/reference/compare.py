"""Compares the output of programs with the output that the pages show.

Times, IDs, keys, and similar values differ between runs, but their format doesn't.
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

_MEASURED = re.compile(r"_(bytes|age_seconds)$")


def mask(text: str) -> str:
    """Replaces everything that differs between runs."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def json_values(text: str) -> list[Any]:
    """Parses the sequence of JSON values in an output."""
    decoder, values, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        values.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return values


def mask_json(value: Any) -> Any:
    """Masks all strings in a JSON value, and the sizes and ages of a server's health."""
    if isinstance(value, dict):
        return {
            key: "<number>" if _MEASURED.search(key) and inner is not None else mask_json(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [mask_json(inner) for inner in value]
    return mask(value) if isinstance(value, str) else value


def differences(shown: Any, returned: Any, at: str = "") -> list[str]:
    """Lists where the structure of a response differs from the example: fields and types."""
    if shown is None or returned is None:
        return []
    if isinstance(shown, dict) and isinstance(returned, dict):
        if "openapi" in shown:
            # Pages show only the beginning of the long OpenAPI document.
            returned = {name: returned.get(name) for name in shown} | {"info": None, "paths": None}
        if shown.get("object") == "event":
            # The data of an event depends on what happened before.
            returned = returned | {"data": None}
        odd = [f"{at}/{name}: only on one side" for name in shown.keys() ^ returned.keys()]
        return odd + [
            found
            for name in sorted(shown.keys() & returned.keys())
            for found in differences(shown[name], returned[name], f"{at}/{name}")
        ]
    if isinstance(shown, list) and isinstance(returned, list):
        return [
            found
            for place, element in enumerate(returned if shown else [])
            for found in differences(shown[0], element, f"{at}/{place}")
        ]
    if type(shown) is not type(returned):
        return [f"{at}: {returned!r} doesn't have the type of {shown!r}"]
    return []

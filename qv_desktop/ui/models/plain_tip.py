"""Tool tips of texts that somebody else wrote: Qt would take one with angle brackets for a page, with pictures of this computer's files."""

from html import escape


def plain_tip(text: str) -> str:
    """``text`` as a tip that reads as it stands, line by line; nothing for an empty one."""
    return f"<qt>{escape(text).replace(chr(10), '<br>')}</qt>" if text else ""

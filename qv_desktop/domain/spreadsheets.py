"""What a spreadsheet would do with a text that it is given: it runs what begins like a formula."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet would read a formula (OWASP ASVS 1.2.10)."""
    return f"'{text}" if text.startswith(DANGEROUS) else text

"""A reconciliation as one HTML page: no scripts, nothing loaded from elsewhere, every text escaped."""

import hashlib
from html import escape

from qv_desktop.domain.reconciliation import Break, Reconciliation
from qv_desktop.domain.reports import FIGURES, Document, Section, tolerances
from qv_desktop.domain.reports import verdict as said

STYLE = """
body { font: 13px/1.45 system-ui, sans-serif; color: #1b2230; margin: 32px auto; max-width: 1080px; padding: 0 24px }
h1 { font-size: 20px; margin: 0 0 4px } h2 { font-size: 15px; margin: 20px 0 6px } .sub { color: #667085; margin: 0 0 20px }
dl { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: 4px 16px; margin: 0 0 24px }
dt { color: #667085 } dd { margin: 0; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% } th { text-align: left; color: #667085; font-weight: 500 }
th, td { padding: 5px 8px; border-bottom: 1px solid #e4e7ec } .n { text-align: right; font-variant-numeric: tabular-nums }
.passed { color: #067647 } .breaks { color: #b42318 } .hash { font: 11px ui-monospace, monospace; word-break: break-all }
footer { margin-top: 24px; color: #667085; font-size: 11px }
"""
COLUMNS = ("Section", "Key", "Class", "Severity", "Internal", "External", "Difference", "At risk", "Proposed entry")


def reconciliation(run: Reconciliation) -> str:
    """The report of one run."""
    verdict = "passed" if run.passed else "breaks"
    sentence = said(len(run.breaks), run.at_risk, len(run.uncompared))
    tables = f"{_table(run)}{_not_compared(run)}"
    body = (
        f"<h1>Reconciliation <span class={verdict}>{escape(sentence)}</span></h1>"
        f"<p class=sub>Account {escape(run.account)} as of {run.at:%Y-%m-%d %H:%M:%S} UTC</p>{_header(run)}{tables}"
    )
    digest = hashlib.sha256(body.encode()).hexdigest()
    hashes = f"Input <span class=hash>{run.input_hash}</span> Report <span class=hash>{digest}</span>"
    foot = f"<footer>Matched {run.matched} rows. {hashes}</footer>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Reconciliation {run.at:%Y-%m-%d %H:%M}</title>'
        f"<style>{STYLE}</style><body>{body}{foot}</body></html>\n"
    )


def _header(run: Reconciliation) -> str:
    facts = (
        ("Run", run.id),
        ("Operator", run.operator),
        ("Our books at", f"{run.local_at:%H:%M:%S.%f} UTC"),
        ("Reason", run.reason),
        ("Broker's books at", f"{run.broker_at:%H:%M:%S.%f} UTC"),
        ("Tolerances", tolerances(run.tolerances)),
    )
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def _table(run: Reconciliation) -> str:
    if run.passed:
        return "<p>No differences in what was compared.</p>"
    head = "".join(f"<th>{title}</th>" for title in COLUMNS)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, run.breaks))}</tbody></table>"


def _not_compared(run: Reconciliation) -> str:
    """What nobody can say matches, with the reason."""
    rows = "".join(f"<li>{escape(one.key)}: {escape(one.why)}</li>" for one in run.uncompared)
    return f"<h2>Not compared</h2><ul>{rows}</ul>" if rows else ""


def _row(found: Break) -> str:
    texts = (found.section, found.key, found.kind, found.severity)
    figures = (found.internal, found.external, found.difference, f"${found.at_risk:,.2f}")
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts) + "".join(
        f"<td class=n>{escape(text)}</td>" for text in figures
    )
    return f"<tr>{cells}<td>{escape(found.proposal)}</td></tr>"


def document(told: Document) -> str:
    """Any report: its facts and a table for each section."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told.facts)
    mark = "passed" if told.good else "breaks"
    body = (
        f"<h1>{escape(told.title)} <span class={mark}>{escape(told.verdict)}</span></h1><p class=sub>{escape(told.subtitle)}</p>"
        f"<dl>{facts}</dl>{''.join(map(_section, told.sections))}"
    )
    foot = f"<footer>Report <span class=hash>{told.hash}</span></footer>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(told.title)}</title>'
        f"<style>{STYLE}</style><body>{body}{foot}</body></html>\n"
    )


def _section(section: Section) -> str:
    if not section.rows:
        return f"<h2>{escape(section.title)}</h2><p>{escape(section.note)}</p>"
    marks = [" class=n" if name in FIGURES else "" for name in section.columns]
    head = "".join(f"<th>{escape(name)}</th>" for name in section.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td{mark}>{escape(cell)}</td>' for mark, cell in zip(marks, row, strict=True))}</tr>"
        for row in section.rows
    )
    return f"<h2>{escape(section.title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

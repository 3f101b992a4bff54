"""The executive summary. It stands first and is known last: each section adds what it recommends."""

import html
from dataclasses import dataclass, field
from typing import Any

from IPython.display import HTML, display


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something to do, or not to do: why, how large it is with its interval, and the section that shows it."""

    decision: str
    evidence: str
    size: str
    section: str


@dataclass
class Summary:
    """Shows itself where it is made, and again at the same place when all is known."""

    facts: list[str] = field(default_factory=list)
    recommendations: list[Recommendation] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    _place: Any = None

    def open(self) -> None:
        """Take the place at which the summary will stand."""
        self._place = display(HTML("<p><em>Being worked out: run the notebook to its end.</em></p>"), display_id=True)

    def state(self, fact: str) -> None:
        """Add a sentence that says what the report is about."""
        self.facts.append(fact)

    def recommend(self, decision: str, evidence: str, size: str, section: str) -> None:
        """Add a decision."""
        self.recommendations.append(Recommendation(decision, evidence, size, section))

    def leave_open(self, question: str) -> None:
        """Add what this data does not decide."""
        self.undecided.append(question)

    def close(self) -> None:
        """Write the summary at its place."""
        self._place.update(HTML(self.as_html()))

    def as_html(self) -> str:
        """Facts, then a table of decisions, then what is open."""
        parts = [f"<p>{html.escape(' '.join(self.facts))}</p>"]
        if self.recommendations:
            rows = "".join(_row(i, found) for i, found in enumerate(self.recommendations, 1))
            head = "<tr><th></th><th>Decision</th><th>Evidence</th><th>Size (95 % interval)</th></tr>"
            parts.append(f'<table class="decisions"><thead>{head}</thead><tbody>{rows}</tbody></table>')
        else:
            parts.append("<p>There is too little data to recommend anything.</p>")
        if self.undecided:
            items = "".join(f"<li>{html.escape(question)}</li>" for question in self.undecided)
            parts.append(f"<p>Not decided by this data:</p><ul>{items}</ul>")
        return "".join(parts)


def _row(position: int, found: Recommendation) -> str:
    link = f'<a href="#{html.escape(found.section.replace(" ", "-"))}">{html.escape(found.section)}</a>'
    cells = (f"<strong>{html.escape(found.decision)}</strong>", f"{html.escape(found.evidence)} {link}")
    return f"<tr><td>{position}</td><td>{cells[0]}</td><td>{cells[1]}</td><td>{html.escape(found.size)}</td></tr>"

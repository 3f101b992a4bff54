"""Build the executive summary.

The summary stands at the top of the report. It is filled in last, because each section adds its recommendations to it.
"""

import html
from dataclasses import dataclass, field
from typing import Any

from IPython.display import HTML, display


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended decision, its evidence, the size of the effect with an interval, and the section with details."""

    decision: str
    evidence: str
    size: str
    section: str


@dataclass
class Summary:
    """The content of the summary, and the output cell that shows this content."""

    facts: list[str] = field(default_factory=list)
    recommendations: list[Recommendation] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    _place: Any = None

    def open(self) -> None:
        """Show a placeholder that :meth:`close` will replace."""
        self._place = display(HTML("<p><em>Not complete yet: run the notebook to its end.</em></p>"), display_id=True)

    def state(self, fact: str) -> None:
        """Add a fact to the first paragraph."""
        self.facts.append(fact)

    def recommend(self, decision: str, evidence: str, size: str, section: str) -> None:
        """Add a recommended decision."""
        self.recommendations.append(Recommendation(decision, evidence, size, section))

    def leave_open(self, question: str) -> None:
        """Add a question that this data cannot answer."""
        self.undecided.append(question)

    def close(self) -> None:
        """Replace the placeholder with the summary."""
        self._place.update(HTML(self.as_html()))

    def as_html(self) -> str:
        """Return HTML with the facts, a table of recommended decisions, and the open questions."""
        parts = [f"<p>{html.escape(' '.join(self.facts))}</p>"]
        if self.recommendations:
            rows = "".join(_row(i, item) for i, item in enumerate(self.recommendations, 1))
            head = "<tr><th></th><th>Decision</th><th>Evidence</th><th>Size (95 % interval)</th></tr>"
            parts.append(f'<table class="decisions"><thead>{head}</thead><tbody>{rows}</tbody></table>')
        else:
            parts.append("<p>There is too little data to recommend anything.</p>")
        if self.undecided:
            items = "".join(f"<li>{html.escape(question)}</li>" for question in self.undecided)
            parts.append(f"<p>Not decided by this data:</p><ul>{items}</ul>")
        return "".join(parts)


def _row(position: int, item: Recommendation) -> str:
    link = f'<a href="#{html.escape(item.section.replace(" ", "-"))}">{html.escape(item.section)}</a>'
    cells = (f"<strong>{html.escape(item.decision)}</strong>", f"{html.escape(item.evidence)} {link}")
    return f"<tr><td>{position}</td><td>{cells[0]}</td><td>{cells[1]}</td><td>{html.escape(item.size)}</td></tr>"

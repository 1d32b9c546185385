"""The table of methods in the docs, made from the code so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Mapping

from vtok.reduction.registry import method_class, names


def table(classes: Mapping[str, str]) -> str:
    """All methods as a Markdown table; ``classes`` says of each, by name, how many classes of models it serves."""
    lines = ["| method | keeps | acts | needs | classes | cost | source |", "|---|---|---|---|---|---|---|"]
    for name in names():
        found = method_class(name)
        needs = "; ".join(sorted(need.value for need in found.needs)) or "nothing more"
        stand_ins = "".join(f", or else {other.value}" for other in found.stand_ins.values())
        wishes = "".join(
            f"; where it is there, {need.value}" for need in sorted(found.wishes, key=lambda one: one.value)
        )
        cells = (f"`{name}`", found.summary, found.stage.value, f"{needs}{stand_ins}{wishes}", classes[name])
        lines.append(f"| {' | '.join(cells)} | {found.cost} | {found.source} |")
    return "\n".join(lines)

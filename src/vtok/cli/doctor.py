"""``vtok doctor``: what is installed, what works, and what would be used."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict, dataclass

import typer
from rich.markup import escape
from rich.table import Table

from vtok import __version__
from vtok.cli import common
from vtok.errors import VtokError

#: The packages of each part, the core first.
PARTS = {
    "core": ("numpy", "Pillow", "typer", "rich"),
    "hf": ("torch", "transformers", "safetensors"),
    "pdf": ("pypdfium2",),
    "gguf": ("gguf",),
    "video": ("av",),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is ``ok``, what was found, and what mends it where it is not.

    What is ``optional`` and not there is no fault.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    optional: bool = False


EPILOG = """Examples:

vtok doctor

vtok doctor --json
"""


def doctor(as_json: common.JsonOption = False) -> None:
    """Check the installation: packages, device, and whether the embedded model answers a check question.

    Exits with 1 when something that is installed does not work.
    """
    findings = [
        Finding(
            "vtok",
            True,
            f"{__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        )
    ]
    findings += [_packages(part, names) for part, names in PARTS.items()]
    if {finding.name: finding.ok for finding in findings}["vtok[hf]"]:
        findings += [_device(), _embedded()]
    if as_json:
        common.print_json([asdict(finding) for finding in findings])
    else:
        table = Table(show_header=False, box=None)
        for finding in findings:
            mark = "[green]ok[/]" if finding.ok else "-" if finding.optional else "[red]no[/]"
            table.add_row(mark, escape(finding.name), escape("\n".join(filter(None, (finding.found, finding.mend)))))
        common.console.print(table)
    if any(not finding.ok and not finding.optional for finding in findings):
        raise typer.Exit(1)


def _packages(part: str, names: tuple[str, ...]) -> Finding:
    versions, missing = [], []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    core = part == "core"
    title, mend = ("core", "pip install vtok") if core else (f"vtok[{part}]", f'pip install "vtok[{part}]"')
    if missing:
        return Finding(title, False, f"missing: {', '.join(missing)}", mend, optional=not core)
    return Finding(title, True, ", ".join(versions), optional=not core)


def _device() -> Finding:
    import torch

    from vtok.vlm.loading import pick_device, pick_dtype

    device = pick_device()
    dtype = str(pick_dtype(None, device)).removeprefix("torch.")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    return Finding("device", True, f"{device.type} ({name}), {dtype}")


def _embedded() -> Finding:
    from PIL import Image, ImageDraw

    from vtok.vlm.loading import EMBEDDED

    question, expected = "What colour is the circle?", "red"
    picture = Image.new("RGB", (336, 336), (235, 235, 230))
    ImageDraw.Draw(picture).ellipse((120, 120, 210, 210), fill=(215, 35, 35))
    try:
        said = common.load(EMBEDDED, None, None).ask(picture, question, max_new_tokens=4).text
    except VtokError as error:
        return Finding(EMBEDDED, False, str(error), "pip install --force-reinstall vtok")
    found = f'asked "{question}" about a red circle, it says "{said}"'
    return Finding(EMBEDDED, said == expected, found, "" if said == expected else f'expected "{expected}"')


doctor.__doc__ = common.help_text(doctor, EPILOG)

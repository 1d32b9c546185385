"""What the verbs share: options, loading with a word about it, JSON out, files out."""

from __future__ import annotations

import inspect
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from vtok.errors import MissingExtraError, UsageError, VtokError

if TYPE_CHECKING:
    from vtok.vlm.pipeline import VLM

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="A checkpoint directory, or [b]vtok-mini[/b], the embedded model.")
]
ImagesArgument = Annotated[list[Path], typer.Argument(help="One or several pictures.", show_default=False)]
QuestionArgument = Annotated[str, typer.Argument(help="What you want to know.", show_default=False)]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", "-b", help="The most visual tokens an image may take: 144 or 25%.")
]
MaxTokensOption = Annotated[int, typer.Option("--max-tokens", min=1, help="The longest answer, in tokens.")]
MethodOption = Annotated[str, typer.Option("--method", help="How tokens are cut, such as visionzip or random(seed=3).")]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="Where to run: cuda, mps, cpu. The best there is when left out.")
]
DtypeOption = Annotated[
    str | None, typer.Option("--dtype", help="float32, bfloat16 or float16. By the device when left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]

console = Console()
notes = Console(stderr=True)


def help_text(verb: Callable[..., None], examples: str) -> str:
    """A verb's docstring, whose paragraphs are folded to the terminal and not where the source ends a line."""
    paragraphs = (inspect.getdoc(verb) or "").split("\n\n")
    return "\n\n".join([*(" ".join(one.split()) for one in paragraphs), examples])


def load(model: str, device: str | None, dtype: str | None) -> VLM:
    """Load a model, with a spinner on stderr; raises ``MissingExtraError`` when torch or transformers is not there."""
    try:
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        with notes.status(f"loading {model}"):
            from transformers.utils import logging

            from vtok.vlm.pipeline import load as load_vlm

            logging.disable_progress_bar()
            return load_vlm(model, device, dtype)
    except ModuleNotFoundError as error:
        raise MissingExtraError("this verb", "hf", str(error.name)) from error


def print_json(data: Any) -> None:
    """Print ``data`` as JSON on stdout."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file whole or not at all: ``write`` fills a file beside ``path``, which then takes its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        try:
            write(part)
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise VtokError(f"cannot write {path}: {error.strerror or error}") from None


def suffix_of(path: Path, *allowed: str) -> str:
    """The lower-case suffix of ``path``; raises ``UsageError`` when it is not one of ``allowed``."""
    suffix = path.suffix.lower()
    if suffix not in allowed:
        raise UsageError(f"cannot write {path.name}: its ending says the format, and must be {' or '.join(allowed)}")
    return suffix

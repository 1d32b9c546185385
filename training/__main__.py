"""``python -m training``: train the embedded model, export it, measure it.

Each stage resumes where it was stopped; one whose minutes are spent ends after a step.
"""

from typing import Annotated

import torch
import typer

from training import encoder, evaluate, joint, language
from training.export import export
from vtok.reduction.method import Stage
from vtok.reduction.registry import method_class, names

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Minutes = Annotated[float, typer.Option("--minutes", help="How long the stage may take in all.")]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@app.command("encoder")
def train_encoder(minutes: Minutes = 50) -> None:
    """Stage 1: the encoder, on dense labels."""
    encoder.train(minutes, DEVICE)


@app.command("language")
def train_language(minutes: Minutes = 20) -> None:
    """Stage 2: the language model, on symbols."""
    language.train(minutes, DEVICE)


@app.command("joint")
def train_joint(minutes: Minutes = 50) -> None:
    """Stage 3: everything together, on pictures."""
    joint.train(minutes, DEVICE)


@app.command("export")
def write(stage: str = "joint") -> None:
    """Write the packaged checkpoint from a stage's weights."""
    export(stage)


@app.command("evaluate")
def measure(pictures: int = 600) -> None:
    """Exact match by task, on what was never trained on."""
    evaluate.report(pictures)


@app.command("methods")
def measure_methods(pictures: int = 100) -> None:
    """Exact match by method and budget."""
    served = names(Stage.PIXELS, Stage.TOKENS, Stage.LAYERS)
    methods = tuple(name for name in served if not method_class(name).video)
    evaluate.by_method(pictures, (288, 144, 64), methods)


@app.command("all")
def everything() -> None:
    """All stages, two hours in all, then export and evaluation."""
    train_encoder()
    train_language()
    train_joint()
    write()
    measure()


app()

"""``vtok``: collects the verbs, and turns every error into one line on stderr and an exit code.

0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from vtok import __version__
from vtok.cli import ask, cost, count, devices, doctor, fit, models, show, trace
from vtok.errors import VtokError

app = typer.Typer(
    name="vtok",
    help="Knows, fits and cuts the visual tokens of the vision-language model you run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(count.count)
app.command()(fit.fit)
app.command()(models.models)
app.command()(cost.cost)
app.command("devices")(devices.list_devices)
app.command()(ask.ask)
app.command()(show.show)
app.command()(trace.trace)
app.command()(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vtok {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Knows, fits and cuts the visual tokens of the vision-language model you run."""


def main() -> None:
    """Run the command line; never shows a traceback for bad input."""
    # Pillow remarks on odd files; what matters of that is said in our own errors.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        app()
    except VtokError as error:
        typer.echo(f"vtok: {error}", err=True)
        sys.exit(error.exit_code)
    except RuntimeError as error:
        # torch's own class, told by its name so that torch need not be loaded for it.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        typer.echo("vtok: out of memory; try a smaller --budget, --dtype bfloat16, or --device cpu", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; that is no fault.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("vtok: stopped", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()

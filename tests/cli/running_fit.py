"""Runs ``vtok fit`` for its tests."""

import json

from typer.testing import CliRunner

from vtok.cli.main import app


def run(*words, ok=True):
    result = CliRunner().invoke(app, ["fit", *map(str, words)])
    assert (result.exit_code == 0) == ok, result.output
    return result


def json_of(*words, ok=True):
    return json.loads(run(*words, "--json", ok=ok).stdout)


QWEN = ("--model", "qwen2.5-vl-7b")

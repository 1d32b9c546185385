"""The package itself: light to import, honest about what is missing."""

import subprocess
import sys

import pytest

import vtok


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_import_loads_neither_torch_nor_transformers() -> None:
    done = run("import sys, vtok, vtok.cli.main; print([m for m in ('torch', 'transformers') if m in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_public_names() -> None:
    assert callable(vtok.load)
    assert callable(vtok.reduce)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vtok.nothing  # noqa: B018


def test_the_function_reduce_survives_imports_of_its_room() -> None:
    import vtok.reduction.registry  # noqa: F401

    assert callable(vtok.reduce)


def test_missing_extra_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None\nimport vtok\ntry: vtok.load\nexcept vtok.VtokError as e: print(e)"
    said = run(code).stdout
    assert "torch" in said
    assert 'pip install "vtok[hf]"' in said

"""Directories of kinds that no family serves: transformers' own processor counts, from files alone."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import vtok
from vtok.catalog import foreign
from vtok.catalog.directory import read_directory
from vtok.cli import main
from vtok.errors import MissingExtraError, ModelError, UsageError

SIZES = np.array([[640, 480], [4000, 300], [28, 28], [17, 1400]]).T


@pytest.fixture(scope="module")
def mystery(tmp_path_factory):
    """A whole LLaVA-NeXT processor beside a model of a kind that nobody knows."""
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    found = pytest.importorskip("transformers.models.llava_next.processing_llava_next")
    pil = pytest.importorskip("transformers.models.llava_next.image_processing_pil_llava_next")
    path = tmp_path_factory.mktemp("mystery")
    words = {word: number for number, word in enumerate(("[UNK]", "<image>"))}
    text = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=text, unk_token="[UNK]", pad_token="[UNK]")
    settings = {"patch_size": 14, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    image = pil.LlavaNextImageProcessorPil(
        size={"shortest_edge": 336},
        crop_size={"height": 336, "width": 336},
        image_grid_pinpoints=[[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]],
    )
    found.LlavaNextProcessor(image, tokenizer, **settings).save_pretrained(path)
    (path / "config.json").write_text('{"model_type": "mystery", "max_position_embeddings": 4096}')
    return path


def changed(path, tmp_path, **files):
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    for name, text in files.items():
        file = copy / f"{name}.json"
        file.unlink() if text is None else file.write_text(text)
    return copy


def test_counts_are_those_of_the_processor(mystery):
    assert vtok.count_many(*SIZES, model=mystery).tolist() == vtok.count_many(*SIZES, model="llava-1.6").tolist()
    found = read_directory(mystery)
    assert found.counted_by.startswith("transformers' own processor (LlavaNextProcessor, transformers 5")
    assert (found.context, found.all_settings) == (4096, {})
    layout = vtok.layout((640, 480), model=mystery)
    assert layout.total == len(layout.token_boxes) == vtok.count((640, 480), model=mystery)
    assert layout.seen == (0, 0, 640, 480)


def test_the_output_says_who_counted(mystery):
    words = ["count", "--size", "640x480", "--model", str(mystery)]
    text = CliRunner().invoke(main.app, words).stdout
    assert "counted by transformers' own processor (LlavaNextProcessor" in text
    assert "resized" not in text
    data = json.loads(CliRunner().invoke(main.app, [*words, "--json"]).stdout)
    assert data["models"][0]["counted_by"].startswith("transformers' own processor")
    text = CliRunner().invoke(main.app, [*words, "--model", "gemma3"]).stdout
    assert "mystery" in text
    assert "counted by transformers' own processor" in text
    assert "counted by" in CliRunner().invoke(main.app, ["models", "show", str(mystery)]).stdout


def test_a_directory_of_processor_files_alone(mystery, tmp_path):
    assert vtok.count((640, 480), model=changed(mystery, tmp_path, config=None)) == 2340


def test_an_image_processor_alone(tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text('{"model_type": "mystery"}')
    (tmp_path / "preprocessor_config.json").write_text('{"image_processor_type": "Qwen2VLImageProcessor"}')
    assert vtok.count_many(*SIZES, model=tmp_path).tolist() == vtok.count_many(*SIZES, model="qwen2-vl").tolist()
    assert "Qwen2VLImageProcessor" in read_directory(tmp_path).counted_by
    with pytest.raises(UsageError, match="5000 x 5 px: absolute aspect ratio must be smaller than 200"):
        vtok.count((5000, 5), model=tmp_path)
    assert vtok.count_many([5000, 0, 640], [5, 5, 480], model=tmp_path, errors="mask").tolist()[:2] == [-1, -1]


def test_one_that_cannot_count(tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text('{"model_type": "mystery"}')
    (tmp_path / "preprocessor_config.json").write_text('{"image_processor_type": "CLIPImageProcessor"}')
    with pytest.raises(ModelError, match=r"'mystery'.*CLIPImageProcessor\w* has no function that counts tokens"):
        vtok.count((5, 5), model=tmp_path)


def test_broken_files(mystery, tmp_path):
    with pytest.raises(ModelError, match=r"cannot use .*'mystery'.*transformers") as met:
        vtok.count((5, 5), model=changed(mystery, tmp_path, processor_config='{"processor_class": "Nothing"}'))
    assert "\n" not in str(met.value)


def test_code_in_a_checkpoint_is_never_run(mystery, tmp_path):
    spell = '{"processor_class": "Mine", "auto_map": {"AutoProcessor": "mine.Mine"}, "image_processor": {}}'
    path = changed(mystery, tmp_path, processor_config=spell)
    (path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Mine: pass\n")
    with pytest.raises(ModelError):
        vtok.count((5, 5), model=path)
    assert not (tmp_path / "ran").exists()


def test_settings_are_in_its_files(mystery):
    with pytest.raises(UsageError, match="change its settings in its own files"):
        vtok.count((5, 5), model=mystery, settings={"patch_size": 14})


def test_without_transformers(mystery, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"'mystery'.*needs transformers.*pip install \"vtok\[hf\]\""):
        read_directory(mystery)


def test_a_known_kind_asks_nobody(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2_vl"}')
    (tmp_path / "preprocessor_config.json").write_text("{}")
    code = f"import sys, vtok; vtok.count((1, 1), {str(tmp_path)!r}); sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_counts_that_are_none():
    for odd in (-1, 1.5, None, "many"):
        rule = foreign.Foreign("Odd", lambda height, width, odd=odd: foreign.whole_number(odd))
        with pytest.raises(UsageError, match="Odd refuses a picture of 4 x 5 px"):
            rule.layout(4, 5)

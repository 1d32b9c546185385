"""``vtok cost``."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from vtok.catalog.checkpoints import checkpoints
from vtok.cli import main
from vtok.cli.cost_table import span
from vtok.costs.result import Range
from vtok.errors import ImageError, ModelError, UsageError, VtokError

ON = ("--model", "qwen2.5-vl-7b", "--weights", "q4_k_m", "--device", "rtx-3060-12gb")


def run(*words):
    return CliRunner().invoke(main.app, ["cost", *map(str, words)])


def said(*words):
    result = run(*words)
    assert result.exit_code == 0, result.exception
    return result.stdout


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (4032, 3024)).save(path)
    return path


def test_a_picture_by_part(photo):
    text = said(photo, *ON)
    for part in (
        "qwen2.5-vl-7b on GeForce RTX 3060 12 GB: q4_k_m weights, f16 cache, llama.cpp, 1 picture",
        "vision encoder",
        "first token after",
        "KV cache, f16",
        "there is on rtx-3060-12gb  12.0 GiB",
        "of 12.0 GiB",
        "It fits, with ",
        "waits for reading the prompt",
        "A budget of 1,024 tokens a picture would bring the first token from",
        f": vtok fit {photo} --model qwen2.5-vl-7b --budget 1024 --runtime llama.cpp -o fitted/\n",
    ):
        assert part in text


def test_the_bar_is_as_long_as_the_device():
    bar = next(line for line in said("--size", "800x600", *ON).splitlines() if line.startswith("[#"))
    drawn = re.match(r"\[([^\]]*)\]", bar)[1]
    assert len(drawn) == 48
    assert drawn.count("#") in (21, 22)  # 5.3 of 12 GiB are weights


def test_the_json_adds_up():
    data = json.loads(said("--size", "800x600", *ON, "--json"))
    memory = data["memory"]
    assert memory["total"] == sum(
        value for name, value in memory.items() if name not in ("weights", "beside_engine", "total")
    )
    assert data["context"]["total"] == sum(data["context"][name] for name in ("visual", "structural", "text", "new"))
    assert data["fits"] is True


def test_ollama_opens_too_short_a_context(photo):
    text = said(photo, *ON, "--runtime", "ollama")
    assert "more than the 4,096 that ollama opens by itself" in text
    assert "(--context 5120) would fit" in text
    assert "The context binds" not in said(photo, *ON, "--runtime", "ollama", "--context", 8192)


def test_too_much_for_the_card():
    text = said("--size", "800x600", "--model", "qwen2.5-vl-7b", "--device", "4060")
    assert "Memory binds" in text
    assert "Weights in awq (--weights awq) would fit" in text
    assert "(--weights q6_k) for llama.cpp would fit" in text


def test_a_size_is_a_device_to_fit_into():
    text = said("--size", "800x600", "--model", "qwen2.5-vl-7b", "--device", "8 GB", "--runtime", "llama.cpp")
    assert "q4_k_m weights" in text
    assert "there is on a device of 8 GB  8.0 GiB" in text
    assert "It fits, with" in text
    assert "the device's rate in fp16." in text


def test_what_is_unknown_is_said():
    model = next(one.name for one in checkpoints() if not one.closed and one.text.hidden is None)
    text = said("--size", "800x600", "--model", model, "--device", "4090", "--weights", "awq")
    assert "unknown" in text
    assert "Unknown, and with it what rests on it" in text


def test_a_sum_with_an_unknown_part_is_at_least_the_others():
    text = said("--size", "800x600", "--model", "qwen2.5-vl-7b", "--weights", "q4_k_m", "--device", "ddr5-desktop")
    if "the engine itself   unknown" in text:
        assert re.search(r"all of it +at least [4-9]\.\d GiB", text)
        assert "Whether it fits is unknown" in text


def test_comparing(tmp_path):
    out = tmp_path / "plot.svg"
    result = run("--size", "1241x1755", *ON, "--compare", "budget=256,1024", "-o", out)
    assert result.exit_code == 0
    assert re.search(r"visual tokens +\d+ +\d+", result.stdout)
    assert "tokens" in out.read_text()
    data = json.loads(said("--size", "1241x1755", *ON, "--compare", "weights=q4_k_m,q8_0", "--json"))
    first, second = (one["memory"]["language"] for one in data["costs"])
    assert first < second
    for what in (
        "device=4060,m4-pro",
        "kv=f16,q8_0",
        "images=1,4",
        "batch=1,2",
        "context=4096,8192",
        "model=qwen2.5-vl-3b,qwen2.5-vl-7b",
    ):
        assert len(json.loads(said("--size", "640x480", *ON, "--compare", what, "--json"))["costs"]) == 2


def test_solving():
    on = ("--model", "qwen2.5-vl-7b", "--weights", "q4_k_m", "--device", "rtx-4060")
    assert re.match(r"\d+ pages of 1,241 x 1,755 px", said(*on, "--solve", "pages"))
    assert re.match(r"The largest picture is [\d,]+ x [\d,]+ px", said(*on, "--solve", "image", "--ttft", "1s"))
    assert re.match(r"A budget of \d+ tokens", said("--size", "1200x900", *on, "--solve", "budget", "--ttft", "500ms"))
    assert re.match(r"A context of [\d,]+ tokens holds it", said("--size", "1200x900", *on, "--solve", "context"))
    text = said(
        "--size", "640x480", "--model", "qwen2.5-vl-7b", "--weights", "awq", "--solve", "device", "--ttft", "3s"
    )
    assert "the cheapest whose launch price is known is rtx-" in text
    found = json.loads(said("--size", "640x480", *on, "--solve", "frames", "--json"))["solutions"][0]
    assert found["pictures"] > 1
    assert found["cost"]["fits"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--model"),
        (("--model", "qwen2.5-vl-7x"), "did you mean qwen2.5-vl-7b"),
        ((*ON[:4], "--device", "rtx-306"), "did you mean rtx-3060"),
        (("--size", "1x", *ON), "cannot read the size"),
        ((*ON, "--weights", "awq", "--runtime", "ollama"), "ollama does not read awq"),
        ((*ON, "--kv", "fp8", "--runtime", "llama.cpp"), "has no fp8 KV cache"),
        ((*ON, "--method", "visionzip", "--size", "9x9"), "without a budget"),
        ((*ON, "--method", "visionzap", "--budget", "9", "--size", "9x9"), "did you mean visionzip"),
        ((*ON, "--ttft", "1s"), "--solve"),
        ((*ON, "--solve", "image", "--compare", "budget=1,2"), "two questions"),
        ((*ON, "--solve", "everything"), "expected one of image"),
        ((*ON[:4], "--solve", "pages"), "--device"),
        ((*ON, "--solve", "image", "--ttft", "soon"), "cannot read 'soon'"),
        ((*ON, "--size", "9x9", "--compare", "budget"), "cannot read 'budget'"),
        ((*ON, "--size", "9x9", "--compare", "budget=1,x"), "cannot"),
        ((*ON, "--size", "9x9", "--compare", "colour=1,2"), "expected one of budget"),
        ((*ON, "--size", "9x9", "-o", "plot.gif"), ".png, .svg, .html"),
        ((*ON, *("--size", "9x9") * 2, "--images", "10000"), "20,000 pictures"),
        ((*ON, "--size", "9x9", "--budget", "none"), "budget"),
    ],
)
def test_wrong_usage(words, message):
    error = run(*words).exception
    assert isinstance(error, UsageError), error
    assert message in str(error)


def test_files_that_cannot_be_read(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert isinstance(run(broken, *ON).exception, ImageError)
    assert isinstance(run(tmp_path / "missing.png", *ON).exception, ImageError)


def test_a_checkpoint_directory_without_sizes(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    (tmp_path / "preprocessor_config.json").write_text('{"image_processor_type": "Qwen2VLImageProcessor"}')
    error = run("--size", "800x600", "--model", tmp_path, "--device", "4090").exception
    assert isinstance(error, ModelError)
    assert "config.json" in str(error)
    assert error.exit_code == 1


def test_no_solution_says_why():
    error = run("--model", "qwen2.5-vl-7b", "--device", "4060", "--solve", "pages").exception
    assert isinstance(error, VtokError)
    assert "with no picture it takes" in str(error)
    tight = ("--model", "qwen2.5-vl-7b", "--device", "rtx-3070", "--runtime", "ollama", "--context", "32768")
    assert "with one page it takes" in str(run(*tight, "--solve", "pages").exception)
    slow = (*ON, "--size", "640x480", "--solve", "device", "--ttft", "1ms")
    assert re.search(r"none of the \d+ devices .* with a first token within 1 ms$", str(run(*slow).exception))


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_it_starts_without_torch():
    code = (
        "import sys; sys.argv = ['vtok', 'cost', '--size', '640x480', '--model', 'qwen2.5-vl-7b', '-d', '4060'];"
        "from vtok.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'transformers', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_budgets_that_are_compared_or_solved_for_are_those_of_a_method():
    one = ("--size", "640x480", "-m", "gemma-3-4b", "--device", "a100-80gb", "--method", "fastv", "--layer", 2)
    found = json.loads(said(*one, "--compare", "budget=64,256", "--json"))["costs"]
    assert [cost["context"]["visual"] for cost in found] == [256, 256]
    assert found[0]["memory"]["kv_cache"] < found[1]["memory"]["kv_cache"]
    assert "nothing has to be cut" in said(*one, "--solve", "budget", "--ttft", "2s")
    without = run("--size", "640x480", "-m", "gemma-3-4b", "--compare", "budget=64,256")
    assert isinstance(without.exception, UsageError)
    assert "with a --method" in str(without.exception)


def test_nothing_but_words_is_said_to_be_that():
    assert said(*ON).splitlines()[0].endswith("llama.cpp, no picture")


def test_words_that_are_too_many_are_not_mended_by_a_device():
    text = said("--size", "336x336", "--model", "llava-1.5-7b", "--device", "h100", "--text", "100000")
    assert "No budget mends that: fewer pictures, --text or --new would" in text
    assert "larger device" not in text


def test_the_largest_picture_beside_others_that_are_too_much():
    many = (*ON, *("--size", "4032x3024") * 3, "--solve", "image", "--ttft", "5s")
    assert "with the other pictures alone it takes" in str(run(*many).exception)


def test_both_ends_of_a_long_range_are_in_minutes():
    assert span(Range(255.0, 610.0)) == "4.2 min to 10 min"
    assert span(Range(0.8, 1.5)) == "800 ms to 1.5 s"

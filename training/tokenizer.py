"""The tokenizer: byte-level BPE that knows the questions' words and spells everything else letter by letter."""

import random
from functools import cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from training.scene import sparse
from training.tasks import questions
from training.tasks.place import PLACES
from training.world import COLOURS, SHAPES

PAD, BOS, EOS, IMAGE, USER, ASSISTANT = "<pad>", "<s>", "</s>", "<image>", "<user>", "<assistant>"
#: The image stands before the question, as in LLaVA; earlier turns keep their places.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<assistant>{% else %}<user>{% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] if part['type'] in ('image', 'image_url') %}<image>{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}{% endif %}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)


def _lines() -> list[str]:
    """Questions with the printed words taken out, so that no merge ever joins letters of a word to be read."""
    rng, lines = random.Random(5), []
    for _ in range(3000):
        scene = sparse(rng)
        printed = {word.name for word in scene.of("word")}
        for _, question, _ in questions(scene, rng):
            lines.append(" ".join(part for part in question.split() if part.strip("?.") not in printed))
    alone = [*COLOURS, *SHAPES, *PLACES]
    return lines + alone * 50 + [f"a {colour} one" for colour in COLOURS] * 50


@cache
def build() -> PreTrainedTokenizerFast:
    """Train the tokenizer; the same every time."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        min_frequency=20,
        special_tokens=[PAD, BOS, EOS, IMAGE, USER, ASSISTANT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_lines(), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        additional_special_tokens=[IMAGE, USER, ASSISTANT],
        padding_side="left",
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast

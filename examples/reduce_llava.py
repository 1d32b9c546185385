"""Fewer visual tokens in your own transformers code.

    python examples/reduce_llava.py CHECKPOINT PICTURE "QUESTION"

CHECKPOINT is a directory with a LLaVA model, such as a copy of llava-hf/llava-1.5-7b-hf.
"""

import sys

from PIL import Image
from transformers import AutoProcessor, LlavaForConditionalGeneration

import vtok

checkpoint, picture, question = sys.argv[1:]
processor = AutoProcessor.from_pretrained(checkpoint, local_files_only=True)
model = LlavaForConditionalGeneration.from_pretrained(checkpoint, local_files_only=True)
content = [{"type": "image"}, {"type": "text", "text": question}]
text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
inputs = processor(images=Image.open(picture).convert("RGB"), text=text, return_tensors="pt")

for budget in ("100%", "25%", 64):
    with vtok.reduce(model, method="visionzip", budget=budget) as reduction:
        output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    answer = processor.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    print(f"{reduction.selections[0].after:>4} visual tokens: {answer.strip()}")

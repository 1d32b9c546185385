"""Fewer visual tokens, before and inside LLaVA-NeXT: python reduce_llava_next.py CHECKPOINT PICTURE QUESTION."""

import sys

from PIL import Image
from transformers import AutoProcessor, LlavaNextForConditionalGeneration

import vtok

checkpoint, picture, question = sys.argv[1:]
processor = AutoProcessor.from_pretrained(checkpoint, local_files_only=True)
model = LlavaNextForConditionalGeneration.from_pretrained(checkpoint, dtype="auto", local_files_only=True)
turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
text = processor.apply_chat_template([turn], add_generation_prompt=True)
inputs = processor(images=Image.open(picture).convert("RGB"), text=text, return_tensors="pt")
with vtok.reduce(model, "divprune:640 | fastv:160@2") as reduction:
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
print(reduction.selections[0].after, "visual tokens:", processor.decode(output[0, inputs["input_ids"].shape[1] :]))

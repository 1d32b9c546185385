"""64 visual tokens a picture in your own SmolVLM code: python reduce_smolvlm.py CHECKPOINT PICTURE QUESTION."""

import sys

from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

import vtok

checkpoint, picture, question = sys.argv[1:]
processor = AutoProcessor.from_pretrained(checkpoint, local_files_only=True)
model = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype="auto", local_files_only=True)
turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
text = processor.apply_chat_template([turn], add_generation_prompt=True)
inputs = processor(images=Image.open(picture).convert("RGB"), text=text, return_tensors="pt")
with vtok.reduce(model, method="divprune", budget=64) as reduction:
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
print(reduction.selections[0].after, "visual tokens:", processor.decode(output[0, inputs["input_ids"].shape[1] :]))

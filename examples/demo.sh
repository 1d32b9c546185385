#!/bin/sh
# Two pictures that vtok-mini was not trained on: how many tokens they are, and the answer with all and with a quarter of
# them. And a receipt as large as a phone takes it, fitted to what a small card can afford, and what it costs before and
# after on three devices that people own.
set -e
cd "$(dirname "$0")/.."
mkdir -p out

say() {
    printf '\n$ %s\n' "$*"
    "$@"
}

say vtok count examples/words.png --model vtok-mini --model qwen2.5-vl-7b --model llava-1.6-7b \
    --model internvl3-8b --model gemma-3-4b
say vtok ask examples/words.png "What does the red word say?" --budget 25% --compare --overlay out/words-kept.png
say vtok ask examples/shapes.png "What colour is the star?" --budget 25% --compare --overlay out/shapes-kept.png
python examples/receipt.py draw out/receipt.jpg
say vtok fit out/receipt.jpg --model qwen2.5-vl-7b --budget 1024 -o out/fitted --force
python examples/receipt.py beside out/receipt.jpg out/fitted/receipt.jpg out/receipt-fitted.png
printf '\nWhat the receipt costs on three devices that people own, whole and at a quarter of its tokens:\n'
say vtok cost out/receipt.jpg --model qwen2.5-vl-7b --weights q4_k_m \
    --compare device=rtx-3060-12gb,rtx-4060-laptop,m4-16gb
say vtok cost out/fitted/receipt.jpg --model qwen2.5-vl-7b --weights q4_k_m \
    --compare device=rtx-3060-12gb,rtx-4060-laptop,m4-16gb
printf '\nNow open out/words-kept.png and out/shapes-kept.png: lit tokens stayed, tinted ones were merged into them.\n'
printf 'And out/receipt-fitted.png: the receipt before and after it was fitted.\n'

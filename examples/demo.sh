#!/bin/sh
# Two pictures that vtok-mini was not trained on: how many tokens they are, and the answer with all and with a quarter.
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
printf '\nNow open out/words-kept.png and out/shapes-kept.png: lit tokens stayed, tinted ones were merged into them.\n'

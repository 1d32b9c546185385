"""From a token budget to sizes, for one picture or many; numpy and Pillow only."""

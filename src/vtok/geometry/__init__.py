"""From the size of a picture to its tokens; numpy only."""

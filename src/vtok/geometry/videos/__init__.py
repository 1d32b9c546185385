"""From the length and size of a video to its tokens; numpy only."""

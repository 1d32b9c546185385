"""Training of the embedded model ``vtok-mini``; not part of the wheel."""

"""vtok knows, fits and cuts the visual tokens of the vision-language model you run."""

__version__ = "0.1.0"

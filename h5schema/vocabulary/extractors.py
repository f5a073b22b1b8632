"""The extractors that are called by one word, and where their code is."""

EXTRACTORS = {
    "image": "h5schema.extractors.image:load",
}

LATER = ("audio", "auto", "json", "numpy", "table", "text", "transpose")
"""Words of the language whose extractors come with a later version."""

"""PDFs with text in them, written by hand."""

#: Heights of Helvetica's x and H at a size of 1 point, from Adobe's font metrics.
X, H = 0.523, 0.718


def written(path, *pages):
    """A PDF with a page for each stream of drawing commands, set in Helvetica."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    text = (
        f"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>"
    )
    text += "endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    for number, stream in enumerate(pages):
        page = f"/Parent 2 0 R/MediaBox[0 0 400 400]/Resources<</Font<</F 3 0 R>>>>/Contents {5 + 2 * number} 0 R"
        text += f"{4 + 2 * number} 0 obj<</Type/Page{page}>>endobj\n"
        text += f"{5 + 2 * number} 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\n"
    path.write_text(f"{text}trailer<</Root 1 0 R>>\n%%EOF\n")
    return path

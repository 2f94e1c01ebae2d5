"""A document as PDF/UA-1, for print and for screen readers: compiled by Typst, which the extra `pdf` brings."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from cnnstep.errors import Fault, InputError
from cnnstep.surface.formats.typst import source
from cnnstep.tutor.document import Document

STANDARD = "ua-1"


def pdf(document: Document) -> bytes:
    """The file's bytes; `InputError` where Typst is not installed."""
    if find_spec("typst") is None:
        what = "a PDF needs Typst, which is not installed"
        raise InputError(Fault("missing-extra", what, "pip install 'cnnstep[pdf]', or take --format typst or html"))
    typst = import_module("typst")
    try:
        compiled: bytes = typst.compile(
            source(document).encode("utf-8"), format="pdf", pdf_standards=[STANDARD], timestamp=0
        )
    except typst.TypstError as error:  # a sign that no font here has: a screen reader could not tell what it is
        what = f"this can't be a PDF: {' '.join(str(error).split())}"
        raise InputError(Fault("pdf", what, "install a font that has it, or take --format html")) from error
    return compiled

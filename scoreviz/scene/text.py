"""The marker that lupdate looks for, without Qt."""


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Return `text` unchanged; `lupdate` collects the literal, the GUI translates it when it is shown."""
    return text

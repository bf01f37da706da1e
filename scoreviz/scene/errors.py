"""One exception for everything a person did that the document cannot hold."""


class SceneError(ValueError):
    """A sentence for a person: a translatable template and its parameters.

    `template` uses `str.format` fields; `str(error)` is the English sentence.
    """

    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template.format(**params) if params else template)
        self.template = template
        self.params = params

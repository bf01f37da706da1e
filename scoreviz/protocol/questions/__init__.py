"""Questions and their answers, one file a view."""

from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.protocol.questions.spread import AskSpread, Spread

__all__ = ["Answer", "AskSpread", "Question", "Spread"]

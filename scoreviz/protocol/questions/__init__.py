"""Questions and their answers, one file a view."""

from scoreviz.protocol.questions.backward import AskBackward, Backward
from scoreviz.protocol.questions.drop import AskDrop, Drop, Dropped
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.protocol.questions.inspect import AskMaps, LevelMap, MapKind, Maps, MapSource
from scoreviz.protocol.questions.losses import AskLossBySigma, AskObjectives, LossBySigma, Objectives
from scoreviz.protocol.questions.modes import AskData, AskModeMass, DataPoints, ModeMass
from scoreviz.protocol.questions.nfe import AskNfe, Nfe, NfeCurve
from scoreviz.protocol.questions.pane import AskGround, AskPane, Ground, PaneRun
from scoreviz.protocol.questions.probe import AskProbe, Probe
from scoreviz.protocol.questions.race import AskRace, Lane, Race, Racer
from scoreviz.protocol.questions.solid import AskCloud, AskSlice, Cloud, Plane, Slice
from scoreviz.protocol.questions.spacetime import (
    AskCurve,
    AskFlowLines,
    AskForwardPaths,
    AskSpaceTime,
    AskWays,
    Curve,
    FlowLines,
    Paths,
    SpaceTime,
    Ways,
)
from scoreviz.protocol.questions.spread import AskSpread, Spread
from scoreviz.protocol.questions.substep import AskSubstep, AskTrainingFigures, SubstepParts, TrainingFigures
from scoreviz.protocol.questions.weights import AskWeights, Weights

__all__ = [
    "Answer",
    "AskBackward",
    "AskCloud",
    "AskCurve",
    "AskData",
    "AskDrop",
    "AskFlowLines",
    "AskForwardPaths",
    "AskGround",
    "AskLossBySigma",
    "AskMaps",
    "AskModeMass",
    "AskNfe",
    "AskObjectives",
    "AskPane",
    "AskProbe",
    "AskRace",
    "AskSlice",
    "AskSpaceTime",
    "AskSpread",
    "AskSubstep",
    "AskTrainingFigures",
    "AskWays",
    "AskWeights",
    "Backward",
    "Cloud",
    "Curve",
    "DataPoints",
    "Drop",
    "Dropped",
    "FlowLines",
    "Ground",
    "Lane",
    "LevelMap",
    "LossBySigma",
    "MapKind",
    "MapSource",
    "Maps",
    "ModeMass",
    "Nfe",
    "NfeCurve",
    "Objectives",
    "PaneRun",
    "Paths",
    "Plane",
    "Probe",
    "Question",
    "Race",
    "Racer",
    "Slice",
    "SpaceTime",
    "Spread",
    "SubstepParts",
    "TrainingFigures",
    "Ways",
    "Weights",
]

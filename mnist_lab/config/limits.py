"""Bounds of what files may contain, no matter who wrote them: applied wherever one is read."""

from typing import Annotated

from pydantic import AfterValidator, Field

LATEST = 4e9  # seconds since 1970, in the year 2096
MOST = 10**9  # parameters, seconds, attempts
LONGEST = 1000  # characters

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, le=MOST)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Moment = Annotated[float, Field(ge=0, le=LATEST)]
Text = Annotated[str, AfterValidator(lambda text: text[:LONGEST])]
"""A text is cut where it is longer: the reason of a failure may be."""

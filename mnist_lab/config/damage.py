"""How a network can be damaged."""

from pydantic import BaseModel, ConfigDict, Field

from mnist_lab.config.limits import Share, Text

FULL = 32  # bits of a weight as it was trained
LOUDEST = 10.0


class Damage(BaseModel):
    """How a network is damaged.

    `off` is the share in [0, 1] of the units of each layer, `bits` what is kept of each weight, 1 to 32, and `noise`
    the spread of what is added to the weights, as a share of the spread of their layer. Only in the layer
    of the name `layer`, or in all.
    """

    model_config = ConfigDict(frozen=True)

    off: Share = 0.0
    bits: int = Field(FULL, ge=1, le=FULL)
    noise: float = Field(0.0, ge=0, le=LOUDEST)
    layer: Text | None = None

    @property
    def does_nothing(self) -> bool:
        """Whether it leaves the network as it is."""
        return not self.off and self.bits == FULL and not self.noise

    def __str__(self) -> str:
        """In words: "30% of units off, 4 bits a weight in hidden 1"."""
        said = [
            f"{self.off:.0%} of units off" if self.off else "",
            f"{self.bits} {'bit' if self.bits == 1 else 'bits'} a weight" if self.bits < FULL else "",
            f"{self.noise:.0%} noise" if self.noise else "",
        ]
        return ", ".join(filter(None, said)) + (f" in {self.layer}" if self.layer else "")

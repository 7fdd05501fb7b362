"""Folding projections anew beside the live ones, wherever views lie: begun, brought near, compared, exchanged, kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from kontor.proving.comparing import Compared
from kontor.replay.code import code_of_views
from kontor.replay.telling import Telling, Way
from projections.beside import BadGeneration, Beside, Standing
from projections.generations import Role
from projections.projector import Projection
from streams.history.replaying import Lane, Read, Replaying

NEAR = 500
"""Events that may still be missing when generations are exchanged: some 10 ms."""
ROUNDS = 50
"""Attempts to come so near while others write."""


class Refused(Exception):
    """Nothing was swapped; says why, and what to do."""


class Together(Protocol):
    """Several processes that fold a stretch of the log."""

    position: int
    rows: int
    """Written so far."""

    def fold(self) -> Iterator[int]:
        """The position that all have reached, again and again; at the end of the stretch everything is written."""


class Place(Protocol):
    """Where the rows of projections lie. Methods raise Refused, Damaged, and what the store has to say."""

    @property
    def read(self) -> Read: ...

    def generation(self, projection: Projection, role: Role) -> Beside: ...

    def upto(self) -> int:
        """Up to where there is something to fold, now."""

    def parting(self, begun: Mapping[str, int], upto: int) -> Together | None:
        """Who folds the projections that stand at these positions up to another; None where one process is to do it,
        or has to."""

    def is_live(self, projection: Projection) -> bool:
        """Not where a new version was never followed yet."""

    def compared(self, lane: Lane) -> list[Compared]: ...

    def exchange(self, replaying: Replaying, role: Role) -> bool:
        """Makes the one lane's generation the live one and keeps the other. False: that has gone on meanwhile, and the
        lane is to be brought nearer."""

    def tidy(self, projection: Projection) -> None:
        """Removes what nobody will go back to."""


class Begun(NamedTuple):
    generation: Beside
    position: int


class Rebuilding:
    """Methods raise Refused, Damaged, and what the store has to say."""

    def __init__(self, place: Place, tell: Telling) -> None:
        self._place = place
        self._tell = tell

    def replay(
        self, projections: Sequence[Projection], *, from_scratch: bool, verify: bool = False, dry: bool = False
    ) -> None:
        """The log is read once for all. ``verify``: nothing is swapped that differs from the live rows. ``dry``:
        nothing is swapped."""
        begun = self._folded_together([self._begun(projection, from_scratch) for projection in projections])
        lanes = [Lane(generation, position, share=len(projections)) for generation, position in begun]
        self._approach(lanes)
        for lane in lanes:
            projection = lane.generation.projection
            if self._place.is_live(projection):
                different = self._compare(lane)
                if different and verify and not dry:
                    raise Refused(
                        f"the live {projection.name} and the new one differ in {different:,} places; nothing was "
                        f"swapped. `kontor replay {projection.name}` swaps it"
                    )
            if not dry:
                self._exchange(lane, "_next")

    def roll_back(self, projections: Sequence[Projection]) -> None:
        """Those that were live before become live again, brought up to date; the live ones are kept in their places."""
        kept = [(one, standing) for one in projections if (standing := self._kept(one)) is not None]
        if not kept:
            names = ", ".join(one.name for one in projections)
            raise Refused(f"nothing is kept to go back to of {names}; each `kontor replay` keeps what it replaces")
        for projection, standing in kept:
            at = f"the kept one is as of event {standing.position:,}"
            self._tell.step("begin", projection.name, at, position=standing.position)
            lane = Lane(self._place.generation(projection, "_kept"), standing.position)
            self._approach([lane])
            self._exchange(lane, "_kept")

    def _kept(self, projection: Projection) -> Standing | None:
        name = projection.name
        try:
            return self._place.generation(projection, "_kept").standing()
        except BadGeneration as error:
            raise Refused(f"the kept {name} is damaged ({error}); `kontor replay {name}` makes a new one") from error

    def _begun(self, projection: Projection, from_scratch: bool) -> Begun:
        """A new generation, or the unfinished one of a replay before if today's program had begun it."""
        name, code, position = projection.name, code_of_views(), 0
        generation = self._place.generation(projection, "_next")
        standing = None if from_scratch else self._unfinished(generation)
        if standing is None or standing.code != code:
            self._place.tidy(projection)
            generation.begin(code)
            where = "from the beginning" if standing is None else "from the beginning, for the program is another now"
        else:
            position = standing.position
            where = f"on from event {position:,}, where the last one ended"
        self._tell.step("begin", name, where, position=position)
        return Begun(generation, position)

    def _folded_together(self, begun: Sequence[Begun]) -> Sequence[Begun]:
        """As far as they come by several processes, if the place has any for them."""
        upto = self._place.upto()
        names = [one.generation.projection.name for one in begun]
        together = self._place.parting({name: one.position for name, one in zip(names, begun, strict=True)}, upto)
        if together is None:
            return begun
        self._tell.folding(_called(names), Way(together.position, upto, together), together.fold())
        return [one._replace(position=upto) for one in begun]

    def _unfinished(self, generation: Beside) -> Standing | None:
        name = generation.projection.name
        try:
            return generation.standing()
        except BadGeneration as error:
            raise Refused(
                f"the unfinished {name} is damaged ({error}); `kontor replay {name} --from-scratch` begins anew"
            ) from error

    def _approach(self, lanes: Sequence[Lane]) -> None:
        """Until nearly nothing is missing, although others write; then all that was folded is in the store."""
        replaying = Replaying(self._place.read, lanes)
        name = _called([lane.generation.projection.name for lane in lanes])
        try:
            for _ in range(ROUNDS):
                upto = self._place.upto()
                self._tell.folding(name, Way(replaying.position, upto, replaying), replaying.fold(upto))
                if self._place.upto() - replaying.position <= NEAR:
                    break
        finally:
            replaying.settle()

    def _compare(self, lane: Lane) -> int:
        """How many differences there are; all are told, the first in words."""
        different = 0
        for one in self._place.compared(lane):
            different += one.different
            self._tell.compared(lane.generation.projection.name, one)
        return different

    def _exchange(self, lane: Lane, role: Role) -> None:
        name = lane.generation.projection.name
        replaying = Replaying(self._place.read, [lane])
        for _ in range(ROUNDS):
            self._approach([lane])
            if self._place.exchange(replaying, role):
                break
        else:
            raise Refused(f"the live {name} kept ahead of the new one; nothing was swapped. Try again")
        text = f"swapped as of event {lane.position:,}; the old one is kept"
        self._tell.step("swap", name, text, position=lane.position)
        self._place.tidy(lane.generation.projection)


def _called(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else "all"

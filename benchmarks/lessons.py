"""Run every lesson and see whether it shows its point: python -m benchmarks.lessons [--seeds N] [LESSON…]"""

import argparse
import tempfile

from mnist_lab.engine.worker import execute
from mnist_lab.lessons.lesson import Lesson, PlannedRun
from mnist_lab.lessons.library import library
from mnist_lab.lessons.running import is_done, results, standing
from mnist_lab.store.runs import RunStore


def with_seed(lesson: Lesson, seed: int) -> Lesson:
    runs = tuple(PlannedRun(name, config.model_copy(update={"seed": seed})) for name, config in lesson.runs)
    return lesson.model_copy(update={"runs": runs})


def teach(lesson: Lesson, store: RunStore) -> tuple[float, str]:
    """Train what is missing; the seconds that its runs took, and what came out."""
    for name, run in standing(lesson, store.listing().runs).items():
        if not is_done(run):
            config = next(planned.config for planned in lesson.runs if planned.name == name)
            execute(store, store.create(config, f"{lesson.id} {name}").id)
    now = standing(lesson, store.listing().runs)
    failed = [f"{name}: {run and run.status.reason}" for name, run in now.items() if not is_done(run)]
    if failed:
        return 0.0, f"FAILED {'; '.join(failed)}"
    own = [run.status for run in now.values() if run and not run.bundled]
    seconds = sum((status.ended or 0.0) - (status.started or 0.0) for status in own)
    answer = lesson.answered(results(lesson, store, now))
    verdict = "" if lesson.expected in (None, answer.option) else f"OTHERWISE, {lesson.expected} was expected: "
    return seconds, f"{verdict}{answer.sentence}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    lessons = library().lessons
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        for lesson_id in arguments.lessons or lessons:
            for seed in range(arguments.seeds):
                seconds, found = teach(with_seed(lessons[lesson_id], seed), store)
                print(f"{lesson_id:22} seed {seed} {seconds:6.1f} s  {found}", flush=True)
                if not seconds:  # its runs come with the lab
                    break


if __name__ == "__main__":
    main()

"""The three problems that are hidden in the sample data: when each one shows, and what it is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Problem(Enum):
    """What goes wrong in the sample shop."""

    SLOW_DEPENDENCY = "slow dependency"
    FAILING_RELEASE = "failing release"
    RETRY_STORM = "retry storm"


class Story(NamedTuple):
    """A problem as a person meets it.

    It begins and ends at shares of what is played, and is as bad as `worst`, up to 1.
    """

    begins: float
    ends: float
    worst: float
    question: str
    answer: str


STORIES = {
    Problem.SLOW_DEPENDENCY: Story(
        0.55,
        0.75,
        1.0,
        "Find the slowest failing checkout. Which span is at fault?",
        "`POST /v2/assessments` of `payments`, the call to the dependency `fraud-check`. It gets slower and "
        "slower until payments gives up after 8 s; the checkout then answers 504. Search for the service "
        "`payments` with errors and `error.type=timeout`.",
    ),
    Problem.FAILING_RELEASE: Story(
        0.35,
        1.0,
        0.4,
        "Putting things into the cart fails for some. Since when, and what do the failures have in common?",
        "The release 3.9.0 of `cart`. It is out since a third of the time was over, gets a third of the "
        "requests, and fails those with a gift card; 3.8.1 fails none. Search for the service `cart` with "
        "errors: each one has `service.version=3.9.0`, and a `TypeError` says where.",
    ),
    Problem.RETRY_STORM: Story(
        0.8,
        0.92,
        1.0,
        "Some shipping quotes have far more spans than others. What multiplies them?",
        "Retries of retries. The carrier's API answers 503 for a while; `shipping` asks it four times "
        "without a pause, and `gateway` asks `shipping` three times: 12 calls for one quote. Search for "
        "`http.request.resend_count>=3`.",
    ),
}


def severity(problem: Problem, progress: float) -> float:
    """Return how bad a problem is at this share of what is played, from 0 to 1; 0: it does not show."""
    story = STORIES[problem]
    if not story.begins <= progress < story.ends:
        return 0.0
    if problem is not Problem.SLOW_DEPENDENCY:
        return story.worst
    # It comes, is worst in the middle, and goes.
    share = (progress - story.begins) / (story.ends - story.begins)
    return story.worst * (1 - abs(2 * share - 1))

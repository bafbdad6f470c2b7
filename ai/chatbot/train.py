"""``python -m chatbot.train``: learn from the committed phrasings, judge on messages written apart."""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence

from chatbot.fitting import model_fit
from chatbot.language import masked
from chatbot.model import NearestPhrasing, Understood
from chatbot.phrasings import heldout, known_words, phrasings_digest, phrasings_make
from meshop_shared.ai.training import Requirement, Trained, train_main

_NOTES = (
    "English requests to a shop, classified into intents. Articles, numbers and order numbers are masked, so that it "
    "knows nothing of any shop's catalogue; no customer's message was learned from. Accuracy is per message, `macro` "
    "the mean recall of the intents. The baseline answers with the intent of the most similar phrasing."
)


class ChatbotJob:
    """Train the classifier of intents. It needs no data but what is in the package."""

    name = "chatbot"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Nothing beside what every training has."""

    def train(self, options: argparse.Namespace) -> Trained:
        """Learn and judge."""
        examples = phrasings_make(seed=options.seed)
        model = model_fit(examples, seed=options.seed)
        nearest = NearestPhrasing(examples, known_words())
        return Trained(
            artefact=model.dumps,
            data_digest=hashlib.sha256(phrasings_digest().encode()).hexdigest(),
            split=f"learned from {len(examples)} phrasings, judged on {len(heldout())} messages written apart",
            metrics=judged(model.understand_words),
            baselines={"nearest phrasing": judged(nearest.understand_words)},
            requirements=(
                Requirement("accuracy", "nearest phrasing", 1.0), Requirement("accuracy", None, 0.9),
                Requirement("macro", None, 0.85),
            ),
            notes=_NOTES,
        )  # fmt: skip


def judged(understand: Callable[[Sequence[str]], Understood]) -> dict[str, float]:
    """Accuracy and mean recall on the messages that nobody learns from."""
    hits: dict[str, list[bool]] = {}
    for intent, message in heldout():
        hits.setdefault(intent, []).append(understand(masked(message, known_words())).intent == intent)
    every = [hit for row in hits.values() for hit in row]
    return {
        "accuracy": sum(every) / len(every),
        "macro": sum(sum(row) / len(row) for row in hits.values()) / len(hits),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(ChatbotJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())
